#!/usr/bin/env bash
# Mutation testing: changes the code in one place at a time, and checks whether a test fails.
#   scripts/mutants.sh [SHARE] [SEED]    engine, rules and record whole; of store and service one mutant in SHARE (8),
#                                        drawn by SEED (1)
#   AREAS="engine rules" scripts/mutants.sh
#   DRAW=60 scripts/mutants.sh           no more than 60 mutants of each area, drawn by SEED
# An area is tried with its own unit tests and modules of tests; what those miss is tried with modules of the command's tests.
# What no test notices is in target/mutants/AREA.txt, with the counts.
set -euo pipefail
cd "$(dirname "$0")/.."

share=${1:-8}
seed=${2:-1}
out=target/mutants

# One target for all areas, so that dependencies are built once. It is not that of other builds, which would take a mutant for the code.
export CARGO_TARGET_DIR="$PWD/$out/target" CARGO_INCREMENTAL=1 CARGO_PROFILE_DEV_DEBUG=none

mutants() { # mutants FOLDER FILES NAMES PACKAGE TESTS MODULE...: the mutants of FILES in PACKAGE that the file NAMES has, tried with TESTS
    # A name that deletes a field matches whatever is asked for: the area's files keep the others out.
    local folder=$1 files=$2 names=$3 package=$4 tests=$5 name args=(-f "$2")
    case $tests in
    edge-cookie) args+=(--cargo-arg=--lib --cargo-arg=--test=library) ;;
    *,*) args+=(--cargo-arg=--lib --cargo-arg=--test=program) ;;
    *) args+=(--cargo-arg=--test=program) ;;
    esac
    # Its first run, without a mutant, has only the package that is mutated, whatever `--test-package` says.
    for name in ${tests//,/ }; do
        [ "$name" = "$package" ] || args+=("--cargo-arg=--package=$name")
    done
    shift 5
    while IFS= read -r name; do
        args+=(--re "^$(sed 's/[][\.*^$+?(){}|]/\\&/g' <<<"$name")\$")
    done <"$names"
    # It ends with 2 where mutants are missed, and with 3 where some take too long.
    cargo mutants --output "$folder" --colors never --no-times --minimum-test-timeout 20 \
        --package "$package" "${args[@]}" -- -- "$@" || [ $? -le 3 ]
}

try() { # try AREA FILES EVERY PACKAGE TESTS MODULE...: TESTS are packages, as `a,b`
    local area=$1 files=$2 every=$3 package=$4 folder="$out/$1" name all count
    shift 3
    rm -rf "$folder"
    mkdir -p "$folder"
    cargo mutants --list --package "$package" -f "$files" >"$folder/all"
    all=$(wc -l <"$folder/all")
    [ "$all" -gt 0 ] || { echo "$area: no mutants in $files" >&2; exit 1; }
    count=$(((all + every - 1) / every))
    [ "$count" -le "${DRAW:-$count}" ] || count=$DRAW
    # A draw that anyone can repeat: the names in the order of their digests.
    while IFS= read -r name; do
        printf '%s %s\n' "$(printf '%s %s' "$seed" "$name" | sha256sum | cut -c1-16)" "$name"
    done <"$folder/all" | sort | head -n "$count" | cut -d' ' -f2- >"$folder/chosen"
    mutants "$folder" "$files" "$folder/chosen" "$@"
    local found="$folder/mutants.out"
    cp "$found/missed.txt" "$folder/left"
    if [ -s "$folder/left" ] && [ -n "${beyond:-}" ]; then
        # shellcheck disable=SC2086
        mutants "$folder/again" "$files" "$folder/left" "$package" edge-cookie-cli $beyond
        # A field's deletion is tried again even where it was noticed.
        grep -Fx -f "$folder/left" "$folder/again/mutants.out/missed.txt" >"$folder/left.again" || true
        mv "$folder/left.again" "$folder/left"
    fi
    {
        echo "$area: $count of $all mutants tried, $(wc -l <"$found/unviable.txt") do not build," \
            "$(wc -l <"$found/timeout.txt") never end, $(wc -l <"$folder/left") are not noticed:"
        cat "$folder/left"
    } | tee "$folder.txt"
}

# Unit tests are those in a module `tests`.
for area in ${AREAS:-engine rules record store service}; do
    case $area in
    engine) beyond="trusted_server_records:: setting_effects::" try engine 'src/engine/**' 1 edge-cookie edge-cookie engine:: transaction:: operations:: effects:: ;;
    rules) beyond="rules:: secrets::" try rules 'src/rules/**' 1 edge-cookie edge-cookie diagnostics:: guardrails:: fleet:: allowances:: bounds:: ;;
    record) beyond="trusted_server_records:: setting_effects::" try record 'src/record/**' 1 edge-cookie edge-cookie record:: records:: ids:: operations:: effects:: properties:: ;;
    store) beyond="store_redis:: serve_redis:: blackbox::" try store 'crates/stores/src/**' "$share" edge-cookie-stores \
        edge-cookie-stores,edge-cookie-cli ::tests:: store_conformance:: store_crash:: store_threads:: store_damage:: store_recent:: ;;
    service) beyond="blackbox:: serve:: rollout::" try service 'crates/service/src/**' "$share" edge-cookie-service \
        edge-cookie-service,edge-cookie-cli ::tests:: service:: consent openapi:: ;;
    *) echo "there is no area \`$area\`: engine, rules, record, store, service" >&2; exit 1 ;;
    esac
done
