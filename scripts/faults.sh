#!/usr/bin/env bash
# The fault simulation at length: many edges against one store that fails in every way it may, and every promise held
# against what is seen (docs/proofs.md).
#   scripts/faults.sh [OPERATIONS] [SEED]   100 million from seed 1 on, where left out; `nightly` is ten times as many
# A seed is a world, and is the same in every run: a failure tells the command that shows it again.
set -euo pipefail
cd "$(dirname "$0")/.."

operations="${1:-100_000_000}"
[ "$operations" != nightly ] || operations=1_000_000_000
# Our own code as fast as a release; what it rests on is the tests' own, and is not built twice.
profile="profile.dev.package.edge-cookie"
FAULTS="$operations" FAULT_SEED="${2:-1}" cargo test --locked --quiet \
    --config "$profile.opt-level=3" --config "$profile.debug-assertions=false" --config "$profile.overflow-checks=false" \
    --test faults -- --nocapture
