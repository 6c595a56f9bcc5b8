#!/usr/bin/env bash
# What users of the crates get: every crate can be packaged, and the public items of the library are those of tests/public_items/edge_cookie.txt, so that a
# reviewer sees in a diff which of them appear, change or vanish. UPDATE_PUBLIC_ITEMS=1 writes that file.
# Whether a change of them breaks users' code: scripts/semver.sh.
set -euo pipefail
cd "$(dirname "$0")/.."

target="$PWD/target/packages"
items=tests/public_items/edge_cookie.txt

dirty=()
[ -z "${CI:-}" ] && dirty=(--allow-dirty)
# The tests build the code; a package of it only has to be complete.
cargo package --workspace --locked --no-verify --quiet --target-dir "$target" "${dirty[@]}"
echo "packaged: $(find "$target/package" -maxdepth 1 -name '*.crate' | wc -l) crates"

# Only nightly compilers write rustdoc's JSON, or a stable one with RUSTC_BOOTSTRAP. A target folder of its own keeps that out of other builds.
RUSTC_BOOTSTRAP=1 cargo rustdoc --locked --quiet -p edge-cookie --lib --all-features --target-dir "$target" -- \
    -Z unstable-options --output-format json
found="$target/edge_cookie.txt"
code=0
python3 scripts/public_items.py "$target/doc/edge_cookie.json" >"$found" || code=$?
if [ "$code" = 3 ]; then
    echo "public items: skipped, add the format to scripts/public_items.py once its lines are the same"
elif [ "$code" != 0 ]; then
    exit "$code"
elif [ -n "${UPDATE_PUBLIC_ITEMS:-}" ]; then
    mkdir -p "$(dirname "$items")"
    cp "$found" "$items"
    echo "public items: wrote $(wc -l <"$items") to $items"
elif ! diff -u "$items" "$found"; then
    echo "the library's public items changed: review the lines above, then run \`UPDATE_PUBLIC_ITEMS=1 scripts/packages.sh\`" >&2
    exit 1
else
    echo "public items: $(wc -l <"$items"), as in $items"
fi
