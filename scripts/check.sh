#!/usr/bin/env bash
# Checks the policies of the repository that it is run in: what the pre-commit hook `ec-check` runs.
set -euo pipefail

EC="${EC:-$(command -v ec || true)}"
if [ -z "$EC" ]; then
    home="$(cd "$(dirname "$0")/.." && pwd)"
    cargo build --quiet --release --locked --manifest-path "$home/Cargo.toml" --bin ec >&2
    EC="${CARGO_TARGET_DIR:-$home/target}/release/ec"
fi
exec "$EC" check --all --deny-warnings
