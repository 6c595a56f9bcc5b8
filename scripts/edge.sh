#!/usr/bin/env bash
# Builds the edge service, with its policy in it, and runs it locally.
#   scripts/edge.sh build [ec's options, as --profile NAME]     into bin/main.wasm, for `fastly compute`
#   scripts/edge.sh serve [ec's options]                        on EDGE_ADDR, else 127.0.0.1:7676
#   scripts/edge.sh package                                     by the platform's command line: build, pack, validate
set -euo pipefail
cd "$(dirname "$0")/.."

eval "$(scripts/edge-setup.sh)"

build() {
    mkdir -p bin target
    cargo run --quiet --locked -- bundle --out target/edge-bundle.json "$@"
    local wasm=(--locked --profile edge --target wasm32-wasip1 -p edge-cookie-edge --features program --bin ec-edge)
    export EC_BUNDLE="$PWD/target/edge-bundle.json"
    if [ -n "${EDGE_RUSTC:-}" ]; then
        # Debian's compiler has its own standard library, which is built along.
        RUSTC="$EDGE_RUSTC" RUSTC_BOOTSTRAP=1 CARGO_TARGET_DIR=target/debian-wasm \
            CARGO_TARGET_WASM32_WASIP1_RUSTFLAGS="-Clinker=$EDGE_LINKER" \
            cargo build -Zbuild-std=std,panic_abort "${wasm[@]}"
        cp target/debian-wasm/wasm32-wasip1/edge/ec-edge.wasm bin/main.wasm
    else
        cargo build "${wasm[@]}"
        cp target/wasm32-wasip1/edge/ec-edge.wasm bin/main.wasm
    fi
    echo "bin/main.wasm: $(wc -c <bin/main.wasm) bytes" >&2
}

command="${1:-}"
shift || true
case "$command" in
build) build "$@" ;;
serve)
    build "$@"
    exec "$EDGE_VICEROY" serve -C fastly.toml --addr "${EDGE_ADDR:-127.0.0.1:7676}" bin/main.wasm
    ;;
package)
    [ -n "${EDGE_FASTLY:-}" ] || { echo "the platform's command line is not there: install npm" >&2; exit 1; }
    "$EDGE_FASTLY" compute build --non-interactive
    "$EDGE_FASTLY" compute validate --non-interactive --package pkg/edge-cookie.tar.gz
    ;;
*)
    sed -n '2,5s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac
