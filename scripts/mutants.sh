#!/usr/bin/env bash
# Mutation testing: changes the code in one place at a time, and asks the tests whether they notice.
#   scripts/mutants.sh [SHARE] [SEED]    engine and rules whole; of record, store and service one mutant in SHARE (8),
#                                        drawn by SEED (1)
# Each area is tried on its own tests first; what they miss is tried on every test of the library. What is left is in
# target/mutants/AREA.txt, with the counts. AREAS="engine rules" names the areas to try.
set -euo pipefail
cd "$(dirname "$0")/.."

share=${1:-8}
seed=${2:-1}
out=target/mutants
mkdir -p "$out"
# One target for all areas, so that what the crate rests on is built once.
export CARGO_TARGET_DIR="$PWD/$out/target" CARGO_INCREMENTAL=1 CARGO_PROFILE_DEV_DEBUG=none

mutants() { # mutants FOLDER ARGUMENT...
    local folder=$1
    shift
    # It ends with 2 where mutants are missed, and with 3 where some take too long.
    cargo mutants --output "$folder" --colors never --no-times --minimum-test-timeout 60 "$@" || [ $? -le 3 ]
}

only() { # only FILE: the mutants named in FILE, as arguments
    while IFS= read -r name; do
        # shellcheck disable=SC2001
        printf -- '--re\n^%s$\n' "$(sed 's/[][\.*^$+?(){}|]/\\&/g' <<<"$name")"
    done <"$1"
}

try() { # try AREA EVERY TEST...
    local area=$1 every=$2 test
    shift 2
    local tests=(-C=--lib)
    for test in "$@"; do tests+=("-C=--test=$test"); done
    rm -rf "${out:?}/$area"
    mkdir -p "$out/$area"
    cargo mutants --list -f "src/$area/**" >"$out/$area/all"
    # A draw that anybody can have again: the names in the order of their digests.
    while IFS= read -r name; do
        printf '%s %s\n' "$(printf '%s %s' "$seed" "$name" | sha256sum | cut -c1-16)" "$name"
    done <"$out/$area/all" | sort | cut -d' ' -f2- >"$out/$area/drawn"
    local count
    count=$((($(wc -l <"$out/$area/all") + every - 1) / every))
    head -n "$count" "$out/$area/drawn" >"$out/$area/chosen"
    mapfile -t chosen < <(only "$out/$area/chosen")
    mutants "$out/$area" -f "src/$area/**" "${chosen[@]}" "${tests[@]}"
    local found="$out/$area/mutants.out"
    cat "$found/missed.txt" "$found/timeout.txt" >"$out/$area/left"
    if [ -s "$out/$area/left" ]; then
        mapfile -t left < <(only "$out/$area/left")
        mutants "$out/$area/again" -f "src/$area/**" "${left[@]}"
        cp "$out/$area/again/mutants.out/missed.txt" "$out/$area/left"
    fi
    {
        echo "$area: $count of $(wc -l <"$out/$area/all") mutants tried," \
            "$(wc -l <"$found/unviable.txt") do not build, $(wc -l <"$out/$area/left") not noticed:"
        cat "$out/$area/left"
    } | tee "$out/$area.txt"
}

for area in ${AREAS:-engine rules record store service}; do
    case $area in
    engine) try engine 1 transaction operations effects ;;
    rules) try rules 1 rules diagnostics witnesses ;;
    record) try record "$share" records operations properties ;;
    store) try store "$share" store_conformance store_crash store_threads store_damage ;;
    service) try service "$share" service consent openapi blackbox ;;
    esac
done
