#!/usr/bin/env bash
# Measures `ec simulate` on this machine: page views a second and peak memory on the network workload, and the same operations
# by `ec apply` on a hundredth of its visitors.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cargo build --locked --release --bin ec
ec=target/release/ec

/usr/bin/time -f '%e s, %M KiB at most' "$ec" simulate --profile production workloads/network.toml --format json |
    grep -o '"page_views":[0-9]*' | head -n 1
sed 's/^visitors = .*/visitors = 20_000/' workloads/network.toml >"$folder/few.toml"
"$ec" simulate --profile production "$folder/few.toml" --emit "$folder/events.jsonl" >"$folder/told"
"$ec" apply --profile production --store memory "$folder/events.jsonl" | tail -n 1
