#!/usr/bin/env bash
# The long fault simulation: many edges against one store with every kind of fault, with every promise checked (docs/proofs.md).
#   scripts/faults.sh [OPERATIONS] [SEED]   the default is 100 million from seed 1 on; `nightly` is ten times as many
# A seed is a world, and gives the same run every time: a failure prints the command that repeats it.
set -euo pipefail
cd "$(dirname "$0")/.."

operations="${1:-100_000_000}"
[ "$operations" != nightly ] || operations=1_000_000_000
# Our own code is optimized as in a release; the dependencies are those of the tests, and are not built twice.
optimized=()
for package in edge-cookie edge-cookie-service edge-cookie-review edge-cookie-verify; do
    profile="profile.dev.package.$package"
    optimized+=(--config "$profile.opt-level=3" --config "$profile.debug-assertions=false" --config "$profile.overflow-checks=false")
done
FAULTS="$operations" FAULT_SEED="${2:-1}" cargo test --locked --quiet "${optimized[@]}" \
    -p edge-cookie-verify --test proofs faults:: -- --nocapture
