#!/usr/bin/env bash
# Counts the instructions of each operation under the policy and with constants, by valgrind: the same on every run of
# the same build, however busy the machine is.
set -euo pipefail
cd "$(dirname "$0")/.."

command -v valgrind >/dev/null || { echo "valgrind is missing: install it from your distribution" >&2; exit 1; }
bench=$(cargo bench --locked --no-default-features --bench instructions --no-run --message-format=json 2>/dev/null |
    sed -n 's/.*"executable":"\([^"]*instructions-[^"]*\)".*/\1/p' | tail -n 1)
times=300

count() { # count OPERATION WAY
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "$bench" "$1" "$2" "$times" 2>&1 |
        awk '/Collected/ { print $4 }'
}

printf '%-30s %12s %12s %8s\n' operation policy constants ratio
number=0
"$bench" | while read -r name; do
    nothing=$(count "$number" nothing)
    policy=$((($(count "$number" policy) - nothing) / times))
    constants=$((($(count "$number" constants) - nothing) / times))
    awk -v name="$name" -v policy="$policy" -v constants="$constants" \
        'BEGIN { printf "%-30s %12d %12d %8.3f\n", name, policy, constants, policy / constants }'
    number=$((number + 1))
done
