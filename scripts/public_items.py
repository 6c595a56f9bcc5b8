#!/usr/bin/env python3
"""Prints the public items of a library, a line each, from the JSON that rustdoc writes.

usage: scripts/public_items.py target/doc/edge_cookie.json

Lines are sorted: the path, the kind, and what a caller depends on (fields, signature, value's type, `non_exhaustive`). Trait implementations are
left out.
"""

import json
import sys

# The versions of rustdoc's JSON whose fields this reads.
FORMATS = {57}

UNSUPPORTED = 3


def arguments(args):
    """The generic arguments of a path."""
    if not args:
        return ""
    angle = args.get("angle_bracketed")
    if angle is not None:
        shown = [next(iter(argument.values())) for argument in angle["args"] if isinstance(argument, dict)]
        shown = [value if isinstance(value, str) else render(value) for value in shown if value]
        for constraint in angle["constraints"]:
            bound = constraint["binding"].get("equality", {}).get("type")
            shown.append(f"{constraint['name']} = {render(bound) if bound else '..'}")
        return f"<{', '.join(shown)}>" if shown else ""
    call = args.get("parenthesized")
    if call is None:
        return ""
    inputs = ", ".join(render(each) for each in call["inputs"])
    return f"({inputs})" + (f" -> {render(call['output'])}" if call["output"] else "")


def bounds(each):
    if "trait_bound" in each:
        trait = each["trait_bound"]["trait"]
        sign = "?" if each["trait_bound"]["modifier"] == "maybe" else ""
        return sign + trait["path"].split("::")[-1] + arguments(trait["args"])
    return str(each.get("outlives", ".."))


def render(of):
    """A type as in code, with the last name of each path."""
    if isinstance(of, str):
        return of
    (kind, value), *_ = of.items()
    if kind == "resolved_path":
        return value["path"].split("::")[-1] + arguments(value["args"])
    if kind in ("primitive", "generic"):
        return value
    if kind == "borrowed_ref":
        lifetime = f"{value['lifetime']} " if value["lifetime"] else ""
        return f"&{lifetime}{'mut ' if value['is_mutable'] else ''}{render(value['type'])}"
    if kind == "tuple":
        return f"({', '.join(map(render, value))})"
    if kind == "slice":
        return f"[{render(value)}]"
    if kind == "array":
        return f"[{render(value['type'])}; {value['len']}]"
    if kind == "impl_trait":
        return "impl " + " + ".join(map(bounds, value))
    if kind == "dyn_trait":
        return "dyn " + " + ".join(t["trait"]["path"].split("::")[-1] + arguments(t["trait"]["args"]) for t in value["traits"])
    if kind == "qualified_path":
        return f"{render(value['self_type'])}::{value['name']}"
    if kind == "function_pointer":
        return "fn" + signature(value["sig"])
    return kind


def signature(sig):
    inputs = ", ".join(f"{name}: {render(of)}" for name, of in sig["inputs"])
    return f"({inputs})" + (f" -> {render(sig['output'])}" if sig["output"] else "")


class Library:
    def __init__(self, document):
        self.index = document["index"]
        self.lines = set()
        self.open = []
        self.visit(self.index[str(document["root"])], "", public=True)

    def item(self, key):
        return self.index.get(str(key))

    def add(self, path, kind, detail="", item=None):
        open_ended = item is not None and "non_exhaustive" in json.dumps(item["attrs"])
        self.lines.add(f"{path}: {'non_exhaustive ' if open_ended else ''}{kind}{detail}")

    def visit(self, item, parent, public=False, name=None):
        """Adds an item, where it is public or its parent makes it so, and what it contains."""
        if item is None or not (public or item["visibility"] == "public"):
            return
        (kind, inner), *_ = item["inner"].items()
        name = name or item["name"]
        path = f"{parent}::{name}" if parent else name
        if kind == "module":
            if path in self.open:
                return
            self.open.append(path)
            self.add(path, "mod")
            for child in inner["items"]:
                self.visit(self.item(child), path)
        elif kind == "use":
            target = self.item(inner["id"])
            if target is None:
                self.add(f"{parent}::{inner['name']}", "use", f" {inner['source']}")
            elif inner["is_glob"]:
                for child in target["inner"].get("module", target["inner"].get("enum", {})).get("items", []):
                    self.visit(self.item(child), parent)
            else:
                self.visit(target, parent, public=True, name=inner["name"])
        elif kind in ("struct", "enum", "union"):
            self.add(path, kind, item=item)
            if kind == "enum":
                for variant in inner["variants"]:
                    self.visit(self.item(variant), path, public=True)
            else:
                self.fields(inner["kind"] if kind == "struct" else inner, path)
            for block in map(self.item, inner["impls"]):
                if block and block["inner"]["impl"]["trait"] is None:
                    for child in block["inner"]["impl"]["items"]:
                        self.visit(self.item(child), path)
        elif kind == "variant":
            self.add(path, "variant", item=item)
            self.fields(inner["kind"], path, public=True)
        elif kind == "trait":
            self.add(path, "trait")
            for child in inner["items"]:
                self.visit(self.item(child), path, public=True)
        elif kind == "function":
            asynchronous = "async " if inner["header"]["is_async"] else ""
            const = "const " if inner["header"]["is_const"] else ""
            self.add(path, f"{const}{asynchronous}fn", signature(inner["sig"]))
        elif kind == "struct_field":
            self.add(path, "field", f" {render(inner)}")
        elif kind in ("constant", "static", "assoc_const"):
            self.add(path, "const", f" {render(inner['type'])}")
        elif kind == "assoc_type":
            self.add(path, "type")
        elif kind == "type_alias":
            self.add(path, "type", f" {render(inner['type'])}")
        else:
            self.add(path, kind)

    def fields(self, kind, path, public=False):
        if isinstance(kind, str):
            return
        fields = kind.get("tuple") or kind.get("plain", kind.get("struct", {})).get("fields", [])
        for field in fields:
            if field is not None:
                self.visit(self.item(field), path, public=public)


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        document = json.load(file)
    if document["format_version"] not in FORMATS:
        print(f"rustdoc's JSON has the format {document['format_version']}, and this script reads {FORMATS}", file=sys.stderr)
        sys.exit(UNSUPPORTED)
    print("\n".join(sorted(Library(document).lines)))


if __name__ == "__main__":
    main()
