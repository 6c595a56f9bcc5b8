#!/usr/bin/env bash
# Mutation testing: changes the code in one place at a time, and asks the tests whether they notice.
#   scripts/mutants.sh [SHARE] [SEED]    engine, rules and record whole; of store and service one mutant in SHARE (8),
#                                        drawn by SEED (1)
#   AREAS="engine rules" scripts/mutants.sh
# An area is tried on its own tests, in a build that has no more than they need; what they miss of store and service is tried
# on servers that run.
# What is left is in target/mutants/AREA.txt, with the counts.
set -euo pipefail
cd "$(dirname "$0")/.."

share=${1:-8}
seed=${2:-1}
out=target/mutants

# One target for all areas, so that what the crate rests on is built once.
export CARGO_TARGET_DIR="$PWD/$out/target" CARGO_INCREMENTAL=1 CARGO_PROFILE_DEV_DEBUG=none

mutants() { # mutants AREA FOLDER FILE FEATURES TEST...: the mutants named in FILE
    # A name that deletes a field is let through whatever is asked for: the area's files keep the others' out.
    local folder=$2 names=$3 features=$4 name test args=(-f "src/$1/**")
    shift 4
    while IFS= read -r name; do
        args+=(--re "^$(sed 's/[][\.*^$+?(){}|]/\\&/g' <<<"$name")\$")
    done <"$names"
    for test in "$@"; do
        case $test in lib) args+=(-C=--lib) ;; *) args+=("-C=--test=$test") ;; esac
    done
    # It ends with 2 where mutants are missed, and with 3 where some take too long.
    cargo mutants --output "$folder" --colors never --no-times --minimum-test-timeout 20 \
        --no-default-features --features "$features" "${args[@]}" || [ $? -le 3 ]
}

try() { # try AREA EVERY FEATURES TEST...
    local area=$1 every=$2 features=$3 folder="$out/$1" name all count
    shift 3
    rm -rf "$folder"
    mkdir -p "$folder"
    cargo mutants --list -f "src/$area/**" >"$folder/all"
    all=$(wc -l <"$folder/all")
    count=$(((all + every - 1) / every))
    # A draw that anybody can have again: the names in the order of their digests.
    while IFS= read -r name; do
        printf '%s %s\n' "$(printf '%s %s' "$seed" "$name" | sha256sum | cut -c1-16)" "$name"
    done <"$folder/all" | sort | head -n "$count" | cut -d' ' -f2- >"$folder/chosen"
    mutants "$area" "$folder" "$folder/chosen" "$features" "$@"
    local found="$folder/mutants.out"
    cp "$found/missed.txt" "$folder/left"
    if [ -s "$folder/left" ] && [ -n "${beyond:-}" ]; then
        # shellcheck disable=SC2086
        mutants "$area" "$folder/again" "$folder/left" default $beyond
        cp "$folder/again/mutants.out/missed.txt" "$folder/left"
    fi
    {
        echo "$area: $count of $all mutants tried, $(wc -l <"$found/unviable.txt") do not build," \
            "$(wc -l <"$found/timeout.txt") never end, $(wc -l <"$folder/left") are not noticed:"
        cat "$folder/left"
    } | tee "$folder.txt"
}

for area in ${AREAS:-engine rules record store service}; do
    case $area in
    engine) try engine 1 files lib transaction operations effects ;;
    rules) try rules 1 files rules diagnostics guardrails fleet allowances bounds secrets ;;
    record) try record 1 files lib records ids operations effects properties ;;
    store) beyond="store_redis serve_redis blackbox" try store "$share" embedded,files,redis lib store_conformance store_crash store_threads store_damage store_recent ;;
    service) beyond="blackbox serve rollout" try service "$share" files,server lib service consent openapi ;;
    esac
done
