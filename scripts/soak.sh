#!/usr/bin/env bash
# Runs the release build under everything at once, and audits what it acknowledged: pages, batches, a reload every second,
# a disk that fills up, a Redis that is killed, slow and hostile clients. Prints memory, handles and threads over time.
#   scripts/soak.sh [SECONDS]    1800 where left out; ends with 1 where something was lost, hung or kept growing
# EC_TEST_BINARY names another binary. A lost write is printed with the last requests that were about its user.
# The disk that fills up needs root, the shared store needs redis-server: what is missing is skipped, with a message.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds="${1:-1800}"
binary="${EC_TEST_BINARY:-$PWD/target/release/ec}"
[ -n "${EC_TEST_BINARY:-}" ] || cargo build --quiet --locked --release --bin ec
folder="$(mktemp -d)"
disk="$folder/disk"
mkdir "$disk"
trap 'umount -l "$disk" 2>/dev/null; rm -rf "$folder"' EXIT
limits=()
if mount -t tmpfs -o size=1g disk "$disk" 2>/dev/null; then
    limits+=(--disk "$disk")
else
    echo "LEFT OUT: only root may mount a small disk" >&2
fi
if command -v redis-server >/dev/null 2>&1; then
    limits+=(--redis)
else
    echo "LEFT OUT: there is no redis-server" >&2
fi
PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=scripts python3 -m soak --ec "$binary" --folder "$folder" --seconds "$seconds" "${limits[@]}"
