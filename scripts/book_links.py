"""Checks a book: every link to one of its own pages, files and headings has a target."""

import pathlib
import sys
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit


class Page(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.links, self.anchors = set(), set()
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if name in ("id", "name") and value:
                self.anchors.add(value)
            elif name in ("href", "src") and value and tag != "base":
                self.links.add(value)


def main(root):
    pages = {file.resolve(): Page(file.read_text()) for file in root.rglob("*.html")}
    broken = []
    checked = 0
    for file, page in pages.items():
        if file.name in ("print.html", "404.html"):  # They repeat the others, or are for no place of their own.
            continue
        for link in sorted(page.links):
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (file.parent / unquote(parts.path)).resolve() if parts.path else file
            checked += 1
            if not target.is_file():
                broken.append(f"{file.relative_to(root)}: there is no {link}")
            elif parts.fragment and target in pages and unquote(parts.fragment) not in pages[target].anchors:
                broken.append(f"{file.relative_to(root)}: {link} has no such heading")
    print("\n".join(broken) or f"{len(pages)} pages, {checked} links: each has a target")
    return 1 if broken else 0


sys.exit(main(pathlib.Path(sys.argv[1]).resolve()))
