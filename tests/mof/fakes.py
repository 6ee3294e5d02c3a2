"""What the tests of MOF share: a text compiled against the classes of another one."""

from __future__ import annotations

from openwmi.model import CimClass
from openwmi.mof import Compilation, parse, resolve


def compiled(text: str, known: str = "", namespace: str = "root\\cimv2") -> Compilation:
    """`text`, compiled where the classes of `known` exist in every namespace."""
    before: dict[str, CimClass] = {}
    if known:
        before = {class_.name.lower(): class_ for class_ in compiled(known).classes}
    return resolve(parse(text), lambda _, name: before.get(name.lower()), namespace)
