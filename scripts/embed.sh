#!/usr/bin/env bash
# Embeds the library as a program outside the workspace does: builds and runs examples/first_program with default features, counts its crates,
# and runs the conformance suite on examples/own_store. Builds go to target/embed; without that folder the build is a clean one, and timed.
set -euo pipefail
cd "$(dirname "$0")/.."

most_crates=40
target="$PWD/target/embed"
first=examples/first_program/Cargo.toml

crates=$(cargo tree --locked --manifest-path "$first" -e normal --prefix none | sed 's/ (.*//' | sort -u | wc -l)
echo "first_program and what it needs: $crates crates (at most $most_crates)"
if [ "$crates" -gt "$most_crates" ]; then
    echo "the library's default features bring too many crates: make what brings them a feature, or a crate in crates/" >&2
    exit 1
fi

clean=yes
[ -d "$target/first_program" ] && clean=no
# The time of the processors says what a build takes where nothing else runs: half of it on 2 cores, or little more.
TIMEFORMAT="build of first_program (clean: $clean): %R s, of the processors %U s and %S s, on $(nproc) cores, load $(cut -d' ' -f1 /proc/loadavg 2>/dev/null || echo unknown)"
time CARGO_TARGET_DIR="$target/first_program" cargo build --locked --quiet --manifest-path "$first"
"$target/first_program/debug/first_program"
echo "first_program runs"

cargo fmt --manifest-path "$first" -- --check
cargo fmt --manifest-path examples/own_store/Cargo.toml -- --check
CARGO_TARGET_DIR="$target/own_store" cargo test --locked --quiet --manifest-path examples/own_store/Cargo.toml
