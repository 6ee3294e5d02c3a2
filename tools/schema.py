"""Compiles the MOF files of src/openwmi/schema into layer.jsonl beside them: `python -m tools.schema`.

A file says by its folder to which namespace its classes belong: those of schema/root/cimv2 to root\\cimv2. Those of
schema itself belong to every namespace, and so do the qualifiers declared there. Within a folder files and classes may
stand in any order. The namespaces below exist even where no file is.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from openwmi.base.case import fold
from openwmi.model import CimClass
from openwmi.mof import ClassDeclaration, Declaration, QualifierDeclaration, parse, resolve
from openwmi.repository import class_record
from openwmi.repository.shipped import EVERYWHERE, LAYER

NAMESPACES = ("root", "root\\cimv2", "root\\default", "root\\subscription")


def compiled(folder: Path) -> bytes:
    """The text of the layer: the same for the same files.

    Raises:
        MofError: where and why a file does not compile.
        ValueError: a file holds what is neither a class nor the declaration of a qualifier.
    """
    files: dict[str, list[Path]] = {EVERYWHERE: [], **{name: [] for name in NAMESPACES}}
    for path in sorted(folder.rglob("*.mof")):
        namespace = "\\".join(path.parent.relative_to(folder).parts) or EVERYWHERE
        files.setdefault(namespace, []).append(path)
    everywhere = [each for path in files[EVERYWHERE] for each in _declared(path, folder)]
    common = {fold(each.name): each for each in _classes(everywhere, {}, "root")}
    index: dict[str, list[tuple[str, str | None, int, int]]] = {}
    records: list[bytes] = []
    offset = 0
    for namespace, paths in files.items():
        if namespace == EVERYWHERE:
            classes, known = list(common.values()), dict(common)
        else:
            declared = [each for path in paths for each in _declared(path, folder)]
            shared = [each for each in everywhere if isinstance(each, QualifierDeclaration)]
            classes = _classes([*shared, *declared], common, namespace)
            known = {**common, **{fold(each.name): each for each in classes}}
        index[namespace] = []
        for class_ in classes:
            record = class_record.encode(class_, known[fold(class_.superclass)] if class_.superclass else None)
            index[namespace].append((class_.name, class_.superclass, offset, len(record)))
            records.append(record)
            offset += len(record) + 1
    first = json.dumps(index, separators=(",", ":")).encode("ascii")
    return b"".join([line + b"\n" for line in (first, *records)])


def main() -> None:
    """Writes the file."""
    text = compiled(LAYER.parent)
    LAYER.write_bytes(text)
    sys.stdout.write(f"{LAYER.name}: {text.count(10) - 1} classes, {len(text)} octets\n")


def _declared(path: Path, folder: Path) -> list[Declaration]:
    name = path.relative_to(folder).as_posix()
    found = list(parse(path.read_text(encoding="utf-8"), name))
    if not all(isinstance(each, ClassDeclaration | QualifierDeclaration) for each in found):
        raise ValueError(f"{name}: only classes, and declarations of qualifiers, come with the package")
    return found


def _classes(declared: list[Declaration], common: dict[str, CimClass], namespace: str) -> list[CimClass]:
    """The classes, each after its superclass, and in the order of the files where that allows it."""
    ordered: list[Declaration] = [each for each in declared if isinstance(each, QualifierDeclaration)]
    by_name = {fold(each.name): each for each in declared if isinstance(each, ClassDeclaration)}
    done: set[str] = set()
    for name in by_name:
        line = list(_line(name, by_name, done))
        done.update(line)
        ordered.extend(by_name[each] for each in reversed(line))
    return list(resolve(ordered, lambda _, name: common.get(fold(name)), namespace).classes)


def _line(name: str, by_name: dict[str, ClassDeclaration], done: set[str]) -> Iterator[str]:
    """A class and those of its ancestors that are still to come, the class first."""
    seen: set[str] = set()
    while name in by_name and name not in done and name not in seen:
        yield name
        seen.add(name)
        name = fold(by_name[name].superclass or "")


if __name__ == "__main__":
    main()
