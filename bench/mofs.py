"""The DMTF's schema from its text into the repository: the speed of the MOF compiler.

The peer is pywbem, which compiles the same files into its server in memory. Both are processes that have done nothing
else, and neither is charged for its imports. Then the two are compared, value by value.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from functools import cache
from itertools import islice
from pathlib import Path
from time import perf_counter
from zipfile import ZipFile

from bench.alike import ABSENT, Described, Difference, described, differences
from bench.figure import ROOT, Absent, Figure, Goal, Printed, in_fresh_process, scratch
from bench.peer import printed
from openwmi import connect
from openwmi.model import ChangeFlag

ARCHIVE = ROOT / "../shared/mof/cim_schema_2.49.0Final-MOFs.zip"
TOP = "cim_schema_2.49.0.mof"
CLASSES = 1631
TIMES = 2
SHOWN = 10

# Classes a second that OpenPegasus' cimmofl (C++, to disk) reached at best, on another machine.
PEGASUS = 2040

NAMESPACE = r"root\bench"
CREATE_NAMESPACE = 'instance of __Namespace { Name = "bench"; };'


# Where the two differ, and why ours stays as it is. What no rule explains ends the run.


def _apostrophes(found: Difference) -> bool:
    return _without_apostrophes(found.ours) == _without_apostrophes(found.theirs)


def _restricted(found: Difference) -> bool:
    where = found.path[1] in {"properties", "methods"} and found.path[3] == "qualifiers"
    return where and found.path[4] in {"deprecated", "override"} and found.ours == ABSENT


def _of_a_class(found: Difference) -> bool:
    return found.path[1] == "qualifiers" and found.theirs == ABSENT


def _default(found: Difference) -> bool:
    return found.path[1] == "properties" and found.path[3] == "default" and found.theirs is None


def _origin(found: Difference) -> bool:
    return found.path[1] == "methods" and found.path[3] == "origin" and found.ours == found.path[0]


EXPLAINED: dict[str, Callable[[Difference], bool]] = {
    "pywbem loses the apostrophe of the escape \\' in a text": _apostrophes,
    "pywbem hands on what is Restricted, to members that are not redefined": _restricted,
    "pywbem hands no qualifier of a class on, whatever its flavor": _of_a_class,
    "a redefined property without a default keeps the inherited one, as in Windows ([MS-WMIO] 2.2.27)": _default,
    "the origin of a redefined method is the class that implements it": _origin,
}


def _without_apostrophes(value: object) -> object:
    if isinstance(value, list):
        return [_without_apostrophes(element) for element in value]
    return value.replace("'", "") if isinstance(value, str) else value


# To compile.


def compile_here(top: str, repository: str) -> float:
    """Seconds, in a process of its own."""
    return asyncio.run(_compile(Path(top), repository))


async def _compile(top: Path, repository: str) -> float:
    async with connect("root", repository=repository) as root:
        await root.load_mof(CREATE_NAMESPACE)  # and imports whatever is imported at the first use
    began = perf_counter()
    async with connect(NAMESPACE, repository=repository) as namespace:
        # CIM_PolicyInSystem is abstract below a class that is not, which WMI takes when it is forced alone.
        await namespace.load_mof(top, class_flags=ChangeFlag.UPDATE_FORCE_MODE)
    return perf_counter() - began


async def _stored(repository: Path) -> dict[str, Described]:
    """What a process that did not write it finds there."""
    async with connect(NAMESPACE, repository=str(repository)) as namespace:
        return {each.name: described(each) async for each in namespace.classes() if not each.name.startswith("__")}


@cache
def compiled() -> tuple[float, float]:
    """Classes a second, the best of a few times."""
    if not ARCHIVE.exists():
        raise Absent(f"{ARCHIVE.name} is not beside the project")
    with scratch() as folder:
        with ZipFile(ARCHIVE) as archive:
            archive.extractall(folder)
        top, written = folder / TOP, folder / "theirs"
        ours, theirs = [], []
        for turn in range(TIMES):
            theirs.append(float(printed("pywbem", "mof_pywbem.py", top, *([] if turn else [written]))))
            ours.append(in_fresh_process(compile_here, top, folder / f"repository-{turn}"))
        with written.open(encoding="utf-8") as lines:
            there = dict(map(json.loads, lines))
        compare(asyncio.run(_stored(folder / "repository-0")), there)
    return CLASSES / min(ours), CLASSES / min(theirs)


def compare(here: dict[str, Described], there: dict[str, Described]) -> None:
    """Ends the run at the first differences that nothing explains, and if an explanation has nothing to explain."""
    if len(there) != CLASSES:
        raise SystemExit(f"pywbem has {len(there)} classes, and there are {CLASSES} in {TOP}")
    used: set[str] = set()
    unexplained: list[Difference] = []
    for found in differences(here, there):
        reason = _reason(found)
        if reason is None:
            unexplained.append(found)
        else:
            used.add(reason)
    if unexplained:
        raise SystemExit(_complaint(f"{len(unexplained)} differences from pywbem, which begin with", unexplained))
    if idle := EXPLAINED.keys() - used:
        raise SystemExit(_complaint("these differences from pywbem are no longer there", sorted(idle)))


def _reason(found: Difference) -> str | None:
    if len(found.path) < 2:  # a class that only one of them has
        return None
    return next((reason for reason, explains in EXPLAINED.items() if explains(found)), None)


def _complaint(title: str, found: Sequence[object]) -> str:
    return "\n    ".join([f"{title}:", *map(str, islice(found, SHOWN))])


def beside_pegasus() -> tuple[float, float]:
    """What was just measured, beside a number from elsewhere: to give an idea, and no more."""
    return compiled()[0], PEGASUS


FIGURES = [
    Figure(f"MOF of {CLASSES:,} classes into the repository", "pywbem, in memory", "/s", Goal(">=", 5), compiled),
    Figure("the same, to give an idea", "OpenPegasus, elsewhere", "/s", Printed(), beside_pegasus),
]
