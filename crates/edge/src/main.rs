//! The Fastly Compute service: `scripts/edge.sh` builds it, with the bundle that `ec bundle` wrote.

/// The policy where nothing replaces it at run time.
const EMBEDDED: &str = include_str!(env!(
    "EC_BUNDLE",
    "set EC_BUNDLE to the file that `ec bundle --out FILE` wrote, as scripts/edge.sh does"
));

fn main() {
    edge_cookie_edge::serve(EMBEDDED);
}
