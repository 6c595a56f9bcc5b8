#!/usr/bin/env bash
# Sets up what the tests need, and runs every one of them.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! command -v cargo >/dev/null 2>&1; then
    echo "cargo is missing: install a stable Rust toolchain, 1.90 or later (https://rustup.rs)" >&2
    exit 1
fi

# Everything else comes from crates.io by Cargo.lock.
cargo test --locked --all-targets
cargo test --locked --doc
