"""Writes docs/win32.md from the tables of the providers: `python -m tools.win32`."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path

from openwmi.engine.provider import MethodTable, Provider
from openwmi.engine.registration import shipped_class
from openwmi.model import CimClass, Property
from openwmi.providers.catalogue import builtin
from openwmi.providers.reading import Reads

FILE = Path(__file__).parents[1] / "docs" / "win32.md"

HEAD = """\
# This host as Win32_*
What each property of each class is taken from, on Linux, and where it is NULL: what a host cannot know, or will not
tell the account that asks, is NULL and never invented. Written by `python -m tools.win32` from the providers' own
tables.

"""


def text() -> str:
    """The whole page."""
    found = sorted(
        (each.namespace.lower(), each.class_name, each.load())
        for each in builtin()  # no two are of one class, so that providers are never compared
    )
    sections = [
        "\n".join(_section(_title(namespace, name), shipped_class(name, namespace), made))
        for namespace, name, made in found
    ]
    names = [f"[{title}](#{_anchor(title)})" for title in (_title(namespace, name) for namespace, name, _ in found)]
    return f"{HEAD}{len(found)} classes: {', '.join(names)}\n\n" + "\n".join(sections)


def main() -> None:
    """Writes the file."""
    FILE.write_text(text(), encoding="utf-8")
    sys.stdout.write(f"{FILE.name}: {text().count(chr(10))} lines\n")


def _title(namespace: str, name: str) -> str:
    return name if namespace == r"root\cimv2" else f"{name} of {namespace}"


def _anchor(title: str) -> str:
    return title.lower().replace(" ", "-").replace("\\", "")


def _section(title: str, class_: CimClass, provider: Provider) -> Iterator[str]:
    yield f"## {title}"
    methods = MethodTable(type(provider)).names
    if methods:
        yield f"Methods: {', '.join(sorted(methods))}."
    table = getattr(provider, "table", None)
    if table is None:
        yield ""
        yield " ".join((inspect.getdoc(type(provider)) or "").partition("\n\n")[0].split())
        yield ""
        return
    if methods:
        yield ""
    yield "| property | from |"
    yield "|---|---|"
    for declared in class_.properties:
        yield f"| {_shown(declared, class_)} | {_source(table.get(declared.name))} |"
    yield ""


def _shown(declared: Property, class_: CimClass) -> str:
    kind = f"{declared.type.class_name or declared.type.cim.keyword}{'[]' if declared.type.array else ''}"
    unit = f", {declared.qualifiers['Units'].value}" if "Units" in declared.qualifiers else ""
    name = f"**{declared.name}**" if declared.name in class_.keys else declared.name
    return f"{name} ({kind}{unit})"


def _source(column: object) -> str:
    if isinstance(column, Reads):
        return column.source.replace("|", "\\|")
    why = getattr(column, "why", "")
    return f"NULL: {why}" if why else "NULL"


if __name__ == "__main__":
    main()
