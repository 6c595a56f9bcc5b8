#!/usr/bin/env bash
# Sets up what the tests need, and runs every one of them: natively, on a Redis, on the edge's emulator, and schemathesis.
#   scripts/test.sh            everything; in CI a part that cannot run is a failure
#   EDGE=no scripts/test.sh    without the edge
set -euo pipefail
cd "$(dirname "$0")/.."

if ! command -v cargo >/dev/null 2>&1; then
    echo "cargo is missing: install a stable Rust toolchain, 1.90 or later (https://rustup.rs)" >&2
    exit 1
fi

left_out=()
leave_out() {
    echo "LEFT OUT: $1" >&2
    left_out+=("$1")
}

# The edge: its service with the black-box tests' policy in it.
edge=""
if [ "${EDGE:-yes}" = no ]; then
    leave_out "the edge (EDGE=no)"
elif exports="$(scripts/edge-setup.sh)"; then
    eval "$exports"
    scripts/edge.sh build --config tests/blackbox/trusted-server.toml --policies none --force "the tests' own policy"
    edge="$(mktemp -d)"
    trap 'rm -rf "$edge"' EXIT
    cp bin/main.wasm "$edge/main.wasm"
    export EDGE_VICEROY EC_EDGE_WASM="$edge/main.wasm"
else
    leave_out "the edge: what it takes could not be had"
fi

# The shared store: its tests start servers of their own on free ports.
shared="no"
if scripts/redis-setup.sh; then
    shared="yes"
else
    leave_out "the shared store: there is no redis-server"
fi

# What a log is compressed by, to be read again.
if ! command -v zstd >/dev/null 2>&1; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        apt-get update -qq && apt-get install -y -qq --no-install-recommends zstd >/dev/null || true
    fi
    command -v zstd >/dev/null 2>&1 || { echo "zstd is missing: install it, as Debian's \`zstd\`" >&2; exit 1; }
fi

# Shared caches for in front of the server.
caches="no"
if scripts/frontend-setup.sh; then
    caches="yes"
else
    leave_out "shared caches in front: there is no nginx or no varnishd"
fi

# The browser that the page of a simulation is seen in, and that the cookie comes back from.
if ! command -v chromium >/dev/null 2>&1; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null || true
    fi
    command -v chromium >/dev/null 2>&1 || leave_out "the page and the cookie in a browser: chromium is missing"
fi

# What reads the counts in the end: Prometheus' own parsers. The package is unpacked and not installed, which would start
# a server.
if ! command -v promtool >/dev/null 2>&1; then
    promtool="$PWD/target/promtool"
    mkdir -p "$promtool"
    if ! [ -x "$promtool/usr/bin/promtool" ] && command -v apt-get >/dev/null 2>&1; then
        [ "$(id -u)" != 0 ] || apt-get update -qq
        (cd "$promtool" && apt-get download -qq prometheus >&2 && dpkg -x prometheus_*.deb .) || true
    fi
    export PATH="$promtool/usr/bin:$PATH"
    command -v promtool >/dev/null 2>&1 || leave_out "the counts in Prometheus: promtool is missing"
fi

# What an adversary meets is the release build. Everything else comes from crates.io by Cargo.lock.
cargo build --locked --release --bin ec
EC_TEST_BINARY="$PWD/target/release/ec" cargo test --locked --all-targets
cargo test --locked --doc

if [ -n "$edge" ]; then
    echo "== the black-box tests on the edge's emulator"
    port="$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')"
    "$EDGE_VICEROY" serve -C fastly.toml --addr "127.0.0.1:$port" "$EC_EDGE_WASM" >"$edge/log" 2>&1 &
    emulator=$!
    trap 'kill "$emulator" 2>/dev/null; rm -rf "$edge"' EXIT
    until curl -s -o /dev/null "http://127.0.0.1:$port/_ts/health"; do
        kill -0 "$emulator" || { cat "$edge/log" >&2; exit 1; }
    done
    EC_BASE_URL="http://127.0.0.1:$port" EC_PLATFORM=edge cargo test --locked --test program blackbox::
    # Whatever was sent, nothing that is secret is in its log.
    if grep -E 'token-of-|operator-token|black box|[0-9a-f]{64}\.' "$edge/log"; then
        echo "the edge's log has secrets in it" >&2
        exit 1
    fi
fi

if [ "$shared" = yes ]; then
    echo "== the black-box tests on two servers that share a Redis, request by request in turn"
    scripts/redis.sh blackbox
fi

if [ "$caches" = yes ]; then
    echo "== nginx and Varnish in front of the server"
    scripts/frontend.sh
fi

if command -v python3 >/dev/null 2>&1; then
    echo "== schemathesis"
    scripts/schemathesis.sh
else
    leave_out "schemathesis: python3 is missing"
fi

if [ "${#left_out[@]}" -gt 0 ]; then
    printf 'LEFT OUT: %s\n' "${left_out[@]}" >&2
    [ "${CI:-}" != true ] || exit 1
fi
