#!/usr/bin/env bash
# Measures `ec apply` on this machine: events a second and peak memory, on the memory store and on the durable one, for
# a stream and for one four times as long.
set -euo pipefail
cd "$(dirname "$0")/.."

days=${1:-80}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

cargo build --locked --release --bin ec --example visits
ec=target/release/ec

measure() { # measure STORE DAYS
    rm -rf "$folder/store"
    "$ec" apply "$folder/$2.jsonl" --store "$1" >"$folder/out" &
    local pid=$! peak=0 now
    while now=$(awk '/^VmHWM/ { print $2 }' "/proc/$pid/status" 2>/dev/null) && [ -n "$now" ]; do
        peak=$now
        sleep 0.05
    done
    wait "$pid"
    printf '%-8s %4s days   %s, %s MiB at most\n' "${1##*/}" "$2" "$(tail -n 1 "$folder/out")" "$((peak / 1024))"
}

for length in "$days" "$((days * 4))"; do
    target/release/examples/visits 7 "$length" >"$folder/$length.jsonl"
    for store in memory "$folder/store"; do
        measure "$store" "$length"
    done
done
