#!/usr/bin/env bash
# Prints the path of `ec`: what EC names, else the installed one, else one that is built from this clone.
set -euo pipefail

ec="${EC:-$(command -v ec || true)}"
if [ -z "$ec" ]; then
    home="$(cd "$(dirname "$0")/.." && pwd)"
    cargo build --quiet --release --locked --manifest-path "$home/Cargo.toml" --bin ec >&2
    ec="${CARGO_TARGET_DIR:-$home/target}/release/ec"
fi
echo "$ec"
