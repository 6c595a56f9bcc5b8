#!/usr/bin/env bash
# Counts the instructions of each operation under the policy and with constants, by gungraun and valgrind: the same on
# every run of the same build, however busy the machine is. Fails where the policy costs more than 3 %. Beside them, what it
# takes to read a request's consent and to decide on it.
set -euo pipefail
cd "$(dirname "$0")/.."

command -v valgrind >/dev/null || { echo "valgrind is missing: install it from your distribution" >&2; exit 1; }
# The runner has to be of the library's version.
version=$(awk '/^name = "gungraun-runner"$/ { getline; gsub(/[^0-9.]/, ""); print }' Cargo.lock)
tools=$PWD/target/gungraun-$version
export GUNGRAUN_RUNNER=$tools/bin/gungraun-runner
if [ ! -x "$GUNGRAUN_RUNNER" ]; then
    cargo install --locked --root "$tools" --version "$version" gungraun-runner
fi

cargo bench --locked -p edge-cookie-cli --bench instructions | awk '
    BEGIN { printf "%-30s %12s %12s %8s\n", "operation", "policy", "constants", "ratio" }
    /Comparison with/ { split($4, name, ":"); compared = 1; next }
    compared {
        compared = 0
        split($2, counts, "|")
        ratio = counts[2] / counts[1]
        printf "%-30s %12d %12d %8.3f\n", name[1], counts[2] / 1000, counts[1] / 1000, ratio
        if (ratio > 1.03) over = 1
        lines++
    }
    /::decide / {
        split($2, name, ":")
        getline
        split($2, counts, "|")
        printf "%-30s %12d\n", name[1], counts[1] / 1000
        decisions++
    }
    END { exit over || lines != 11 || decisions != 3 }'
