#!/usr/bin/env bash
# Measures `ec serve` under load, beside a server of the same frame that answers a constant: requests a second and
# latencies of identify and of a batch of 100 mappings, on the embedded store. Needs wrk (Debian's package).
set -euo pipefail
cd "$(dirname "$0")/.."

seconds="${1:-8}"
command -v wrk >/dev/null || { echo "wrk is missing: apt-get install wrk" >&2; exit 1; }
cargo build --quiet --locked --release --bin ec --example constant
folder="$(mktemp -d)"
trap 'kill $(jobs -p) 2>/dev/null; rm -rf "$folder"' EXIT

EC_LOG=warn target/release/ec serve --addr 127.0.0.1:7691 --store "$folder/graph.redb" --geo US-CA \
    --set ec.sync.rate_limit=1000000 --set ec.sync.unchanged=skip >"$folder/output" &
target/release/examples/constant 127.0.0.1:7692 &
ec=http://127.0.0.1:7691
until curl -sf -o /dev/null "$ec/_ts/health" && curl -sf -o /dev/null http://127.0.0.1:7692/; do :; done

token='Authorization: Bearer development-partner'
visitor() { curl -si "$ec/" -A Browser -H 'Accept: text/html' -H 'Cookie: us_privacy=1YNN' | sed -n 's/^set-cookie: ts-ec=\([^;]*\);.*/\1/p'; }
mapping() { printf '{"ec_id":"%s","partner_uid":"abc123","timestamp":%s}' "$1" "$(date +%s)"; }
users=()
for _ in $(seq 100); do users+=("$(visitor)"); done
batch="$(for user in "${users[@]}"; do mapping "$user"; echo; done | paste -sd,)"
curl -sf -o /dev/null "$ec/_ts/api/v1/batch-sync" -H "$token" -d "{\"mappings\":[$batch]}"

cat >"$folder/batch.lua" <<EOF
wrk.method = "POST"
wrk.body = '{"mappings":[$batch]}'
EOF
measure() { # measure NAME URL [wrk's options]
    local name="$1" url="$2"
    shift 2
    wrk -t1 -c16 -d"${seconds}s" --latency "$@" "$url" >"$folder/out"
    awk -v name="$name" '/Requests\/sec/ { rate = $2 } $1 == "50%" { p50 = $2 } $1 == "99%" { p99 = $2 }
        /Non-2xx/ { bad = ", " $0 } END { printf "%-22s %10s/s   p50 %8s   p99 %8s%s\n", name, rate, p50, p99, bad }' "$folder/out"
}
for round in ${ROUNDS:-1 2}; do
    measure constant http://127.0.0.1:7692/ -H "$token" -H "Cookie: us_privacy=1YNN; ts-ec=${users[0]}"
    measure identify "$ec/_ts/api/v1/identify" -H "$token" -H "Cookie: us_privacy=1YNN; ts-ec=${users[0]}"
    measure 'batch of 100' "$ec/_ts/api/v1/batch-sync" -H "$token" -s "$folder/batch.lua"
done
