#!/usr/bin/env bash
# Fuzzes whatever reads what strangers write: replays each target's corpus, then looks for new cases.
#   scripts/fuzz.sh [SECONDS] [TARGET…]    30 seconds a target where left out; 0 replays alone; all targets where left out
# A case that fails is kept in fuzz/artifacts; put it into fuzz/corpus/TARGET when it is fixed.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds="${1:-30}"
[ "$#" -eq 0 ] || shift
tools="${XDG_CACHE_HOME:-$HOME/.cache}/edge-cookie/cargo-fuzz"
export PATH="$tools/bin:$PATH"
if ! command -v cargo-fuzz >/dev/null 2>&1; then
    cargo install cargo-fuzz --locked --version 0.13.2 --root "$tools"
fi
# The library has no unsafe code, so that no sanitizer is needed: coverage alone is what the compiler is asked for.
export RUSTC_BOOTSTRAP=1
fuzz() { cargo fuzz "$1" --sanitizer none "${@:2}"; }

targets=("$@")
if [ "${#targets[@]}" -eq 0 ]; then
    mapfile -t targets < <(cargo fuzz list)
fi
fuzz build
for target in "${targets[@]}"; do
    echo "== $target"
    # What is found goes beside the corpus that is in the repository, so that a run leaves it as it is.
    found="fuzz/found/$target"
    mkdir -p "$found"
    fuzz run "$target" "fuzz/corpus/$target" -- -runs=0 -verbosity=0
    if [ "$seconds" -gt 0 ]; then
        fuzz run "$target" "$found" "fuzz/corpus/$target" -- \
            -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 -verbosity=0
    fi
done
