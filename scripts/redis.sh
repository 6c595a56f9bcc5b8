#!/usr/bin/env bash
# A Redis of one's own on a free port, and what is run on it. It goes when the script does.
#   scripts/redis.sh blackbox    the black-box tests on two servers that share it
#   scripts/redis.sh measure     our store beside redis-benchmark and the embedded store
#                                (docs/performance.md); FSYNC=always has every write on disk first
set -euo pipefail
cd "$(dirname "$0")/.."

work="$(mktemp -d)"
started=()
finish() {
    for process in "${started[@]}"; do
        kill "$process" 2>/dev/null || true
        wait "$process" 2>/dev/null || true
    done
    rm -rf "$work"
}
trap finish EXIT

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# A Redis with these options; its port is in $port.
redis() {
    port="$(free_port)"
    mkdir -p "$work/$port"
    redis-server --bind 127.0.0.1 --port "$port" --dir "$work/$port" "$@" >"$work/$port/log" 2>&1 &
    started+=($!)
    until redis-cli -p "$port" ping >/dev/null 2>&1; do
        kill -0 "${started[-1]}" || { cat "$work/$port/log" >&2; exit 1; }
    done
}

# A server on that Redis; its address is in $address.
serve() {
    target/debug/ec serve --config tests/blackbox/trusted-server.toml --policies no-profiles --addr 127.0.0.1:0 \
        --geo US-CA --store "redis://127.0.0.1:$port" >"$work/serving.$1" 2>"$work/log.$1" &
    started+=($!)
    until grep -q '^serving on ' "$work/serving.$1"; do
        kill -0 "${started[-1]}" || { cat "$work/log.$1" >&2; exit 1; }
    done
    address="$(sed -n 's/^serving on \(http[^ ]*\).*/\1/p' "$work/serving.$1")"
}

case "${1:-}" in
blackbox)
    cargo build --locked --bin ec
    redis --save ''
    serve one
    one="$address"
    serve two
    EC_BASE_URL="$one,$address" cargo test --locked --test program blackbox::
    # Both took part, and both used the store.
    [ "$(redis-cli -p "$port" dbsize)" -gt 0 ]
    ;;
measure)
    redis --save '' --appendonly yes --appendfsync "${FSYNC:-everysec}"
    cargo bench --locked ${PROFILE:+--profile "$PROFILE"} --bench redis -- "redis://127.0.0.1:$port"
    ;;
*)
    sed -n '2,5p' "$0" >&2
    exit 2
    ;;
esac
