#!/usr/bin/env bash
# Asks `ec serve` about thousands of requests, and compares its decisions with independent rules over what the IAB's own
# decoders read: no grant over a refusal, no withdrawal lost, no other difference unexplained (tests/consent-reference).
#   scripts/consent-reference.sh [COUNT] [SEED]    with target/debug/ec, which it builds; 20,000 requests of seed 1
#   EC=PATH scripts/consent-reference.sh           with another one
#   CASE=NUMBER scripts/consent-reference.sh       one request alone, with all that is known of it
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/consent-reference-setup.sh
if [ -z "${EC:-}" ]; then
    cargo build --quiet --locked --bin ec
    EC=target/debug/ec
fi
exec node tests/consent-reference/run.mjs --ec "$EC" --count "${1:-20000}" --seed "${2:-1}" ${CASE:+--case "$CASE"}
