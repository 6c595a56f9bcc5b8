#!/usr/bin/env bash
# Builds the book of docs/ with mdBook into target/book/html, and checks every link in it.
#   scripts/book.sh           build, and check
#   scripts/book.sh serve     build, and serve on http://localhost:3000
set -euo pipefail
cd "$(dirname "$0")/.."

version=0.5.4
tools="$PWD/target/book/tools"
export PATH="$tools/bin:$PATH"
if ! mdbook --version 2>/dev/null | grep -qF "v$version"; then
    cargo install --quiet --locked --root "$tools" --target-dir "$tools/target" mdbook --version "$version"
fi

# The book's pages keep their places in the repository, so that every link between them holds; other files that they link to
# come along. What a listing of a folder would be has no place in a book.
book="$PWD/target/book"
rm -rf "$book/src" "$book/html"
mkdir -p "$book/src"
pages=(README.md ARCHITECTURE.md CONTRIBUTING.md SECURITY.md CHANGELOG.md examples/README.md docs/*.md)
cp --parents "${pages[@]}" "$book/src"
for page in "${pages[@]}"; do
    { grep -oE '\]\([^)#: ]+' "$page" || true; } | sed 's/^](//' | while read -r link; do
        file="$(realpath --relative-to=. -m "$(dirname "$page")/$link")"
        case "$file" in
        *.md) ;;
        *) [ ! -f "$file" ] || cp --parents "$file" "$book/src" ;;
        esac
    done
done
sed -e 's#](\.\./#](#' -e t -e 's#](#](docs/#' docs/SUMMARY.md >"$book/src/SUMMARY.md"
rm "$book/src/docs/SUMMARY.md"
sed -e 's#^src = .*#src = "src"#' -e 's#^build-dir = .*#build-dir = "html"#' docs/book.toml >"$book/book.toml"

if [ "${1:-}" = serve ]; then
    exec mdbook serve "$book"
fi
mdbook build "$book"
python3 scripts/book_links.py "$book/html"
