#!/usr/bin/env bash
# Measures `ec simulate` on this machine: wall time and peak memory on the network workload (100 million page views), then, on one
# hundredth of its visitors, the same operations by `ec simulate` and by `ec apply`.
#
# `taskset` keeps everything on two cores. The load of the machine is printed first and last: state it with the figures.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cargo build --locked --release --bin ec
ec=target/release/ec

# A command's wall time in seconds and peak memory; what it prints goes to a file.
measured() {
    local out=$1
    shift
    /usr/bin/time -f '%e s, %U s of CPU, %M KiB at most' taskset -c 0,1 "$@" >"$out"
}

# A number of a result, by its first mention.
number() {
    grep -o "\"$1\":[0-9]*" "$2" | head -n 1
}

uptime
echo "simulate, all visitors"
measured "$folder/all.json" "$ec" simulate --profile production workloads/network.toml --format json
number page_views "$folder/all.json"
number operations "$folder/all.json"

sed 's/^visitors = .*/visitors = 20_250/' workloads/network.toml >"$folder/few.toml"
"$ec" simulate --profile production "$folder/few.toml" --emit "$folder/events.jsonl" >/dev/null
echo "simulate, one visitor of a hundred"
measured "$folder/few.json" "$ec" simulate --profile production "$folder/few.toml" --format json
number operations "$folder/few.json"
echo "apply, the same operations"
measured "$folder/applied" "$ec" apply --profile production --store memory "$folder/events.jsonl" || [ $? -eq 1 ]
tail -n 1 "$folder/applied"
uptime
