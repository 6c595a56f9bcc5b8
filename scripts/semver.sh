#!/usr/bin/env bash
# Compares the library's public items with those of the last release (the tag `v*`), by `cargo-semver-checks`: what a user's code depends on may not
# break without a new version. Until there is a release, it compares with the commit that tests/public_items/baseline names.
set -euo pipefail
cd "$(dirname "$0")/.."

VERSION=0.51.0
tools="$PWD/target/tools"
work="$PWD/target/semver"
named=tests/public_items/baseline

tag=$(git describe --tags --abbrev=0 --match 'v*' 2>/dev/null || true)
if [ -n "$tag" ]; then
    baseline=$(git rev-parse "$tag^{commit}")
else
    baseline=$(grep -Eo '^[0-9a-f]{40}$' "$named") || {
        echo "semver: \`$named\` has no commit: write its full hash on a line" >&2
        exit 1
    }
fi
has_baseline() { git cat-file -e "$baseline^{commit}" 2>/dev/null; }
# A shallow clone lacks it, and stays shallow.
depth=()
[ "$(git rev-parse --is-shallow-repository)" = false ] || depth=(--depth 1)
has_baseline || git fetch --quiet --no-tags "${depth[@]}" origin "$baseline" 2>/dev/null || true
if ! has_baseline; then
    echo "semver: skipped, as this clone lacks the baseline $baseline and \`git fetch\` cannot bring it"
    exit 0
fi

# Without optimisation the build takes about two minutes on two cores, and the comparison two seconds.
tool="$tools/bin/cargo-semver-checks"
if [ "$("$tool" --version 2>/dev/null)" != "cargo-semver-checks $VERSION" ]; then
    CARGO_TARGET_DIR="$tools/build" CARGO_INCREMENTAL=0 CARGO_PROFILE_DEV_DEBUG=none cargo install --locked --debug --quiet --force \
        --config 'profile.dev.package."*".opt-level=0' --root "$tools" --version "=$VERSION" cargo-semver-checks
    rm -rf "$tools/build"
fi

rm -rf "$work/source"
mkdir -p "$work/source"
git archive "$baseline" | tar -x -C "$work/source"

# Only nightly compilers write rustdoc's JSON, or a stable one with RUSTC_BOOTSTRAP. Dependencies are built once for both.
document() { # document NAME FOLDER
    (cd "$2" && CARGO_BUILD_BUILD_DIR="$work/build" RUSTC_BOOTSTRAP=1 cargo rustdoc --locked --quiet -p edge-cookie --lib --all-features \
        --target-dir "$work/$1" -- -Z unstable-options --output-format json --document-private-items --document-hidden-items --cap-lints allow)
}
document baseline "$work/source"
document current .

code=0
"$tool" semver-checks --baseline-rustdoc "$work/baseline/doc/edge_cookie.json" --current-rustdoc "$work/current/doc/edge_cookie.json" || code=$?
case $code in
0) ;;
100)
    echo "semver: code that builds with ${tag:-$baseline} may not build with this: keep the items listed above." >&2
    if [ -n "$tag" ]; then
        echo "If the break is intended, raise the version in Cargo.toml, and say in CHANGELOG.md what changed." >&2
    else
        echo "If it is intended, say in CHANGELOG.md what changed, and in the next commit write the hash of the one that breaks into $named." >&2
    fi
    ;;
*) echo "semver: nothing was compared; where the tool does not know the compiler's format, raise VERSION in scripts/semver.sh" >&2 ;;
esac
exit "$code"
