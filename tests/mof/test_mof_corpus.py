"""Schemas that others wrote: the whole of the DMTF's, and the classes of Microsoft's documentation."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from zipfile import ZipFile

import pytest

from openwmi.base.status import MofStatus, WbemStatus
from openwmi.model import CimClass, abstract_problem, key_problem
from openwmi.mof import Compilation, Declaration, MofError, Source, format, format_namespace, parse, resolve  # noqa: A004

CORPORA = Path(__file__).parents[2] / "../shared/mof"
DMTF = CORPORA / "cim_schema_2.49.0Final-MOFs.zip"
MICROSOFT = CORPORA / "msdocs-cimwin32.zip"
STANDARD = CORPORA / "wmiqualifiers.mof"

# Printed in the documentation, and no MOF: where, and what is wrong there.
NOT_PARSED = {
    "CIMWin32Prov__Win32_DiskPartition.mof:17": MofStatus.EXPECTED_PROPERTY_NAME,  # string. Caption;
    "WmiSdk____ACE.mof:3": MofStatus.EXPECTED_PROPERTY_NAME,  # AccessMask;
    "WmiSdk____NamespaceModificationEvent.mof:5": MofStatus.DUPLICATE_PROPERTY,  # SECURITY_DESCRIPTOR
}
_SCOPE = MofStatus.QUALIFIER_USED_OUTSIDE_SCOPE  # Privileges, declared for properties and methods, on a class
NOT_RESOLVED = {
    "CIMWin32Prov__CIM_ProcessExecutable.mof:1": _SCOPE,
    "CIMWin32Prov__Win32_Desktop.mof:1": _SCOPE,
    "CIMWin32Prov__Win32_Environment.mof:1": _SCOPE,
    "CIMWin32Prov__Win32_LogicalProgramGroup.mof:1": _SCOPE,
    "CIMWin32Prov__Win32_LogicalProgramGroupDirectory.mof:1": _SCOPE,
    "CIMWin32Prov__Win32_LogicalProgramGroupItem.mof:1": _SCOPE,
    "CIMWin32Prov__Win32_LogicalProgramGroupItemDataFile.mof:1": _SCOPE,
    "CIMWin32Prov__Win32_MemoryArray.mof:2": WbemStatus.INVALID_SUPERCLASS,  # Win32_SMBIOSMemory, below
    "CIMWin32Prov__Win32_MemoryDevice.mof:2": WbemStatus.INVALID_SUPERCLASS,  # Win32_SMBIOSMemory, below
    "CIMWin32Prov__Win32_NetworkLoginProfile.mof:1": _SCOPE,
    "CIMWin32Prov__Win32_PageFile.mof:1": _SCOPE,
    "CIMWin32Prov__Win32_PageFileSetting.mof:1": _SCOPE,
    "CIMWin32Prov__Win32_PageFileUsage.mof:1": _SCOPE,
    "CIMWin32Prov__Win32_SMBIOSMemory.mof:38": WbemStatus.TYPE_MISMATCH,  # uint16e StatusInfo;
    "CIMWin32Prov__Win32_StartupCommand.mof:1": _SCOPE,
    "WmiSdk__Win32_ServerFeature.mof:1": MofStatus.TYPE_MISMATCH,  # Deprecated("No value")
}
# Superclasses that no page prints.
STUBS = {"CacheControl", "Win32_MethodParameterClass"}


@cache
def texts(path: Path) -> dict[str, str]:
    if not path.exists():
        pytest.skip(f"{path.name} is not beside the project")
    with ZipFile(path) as archive:
        files = [name for name in archive.namelist() if name.endswith(".mof")]
        return {name: archive.read(name).decode("utf-8") for name in files}


def place(error: MofError) -> str:
    return f"{error.file}:{error.line}"


@cache
def dmtf() -> Compilation:
    files = texts(DMTF)
    top = "cim_schema_2.49.0.mof"
    return resolve(parse(files[top], top, lambda name, _: Source(name, files[name])), lambda *_: None)


@pytest.mark.no_cover  # other tests show that each line is run
def test_the_whole_schema_of_the_dmtf() -> None:
    found = dmtf()
    assert (len(found.classes), len(found.qualifiers)) == (1631, 70)
    assert len({class_.name for class_ in found.classes}) == 1631
    process = next(class_ for class_ in found.classes if class_.name == "CIM_Process")
    assert process.derivation[-1] == "CIM_ManagedElement"
    assert process.keys == (
        "CSCreationClassName",
        "CSName",
        "OSCreationClassName",
        "OSName",
        "CreationClassName",
        "Handle",
    )


def assert_the_same(found: Iterable[CimClass], expected: Iterable[CimClass]) -> None:
    """Class by class and member by member, so that a failure is short."""
    again = {class_.name: class_ for class_ in found}
    for class_ in expected:
        other = again.pop(class_.name)
        assert other.names == class_.names
        for mine, theirs in zip(class_.properties, other.properties, strict=True):
            assert (class_.name, mine) == (other.name, theirs)
        for method, same in zip(class_.methods, other.methods, strict=True):
            assert (class_.name, method) == (other.name, same)
        assert other == class_
    assert not again


@pytest.mark.no_cover  # other tests show that each line is run
def test_the_schema_of_the_dmtf_goes_out_and_in_again() -> None:
    found = dmtf()
    text = format_namespace("root\\default", [*reversed(found.classes), *found.qualifiers.values()])
    assert text.index("Qualifier Abstract : boolean") < text.index("class CIM_")
    again = resolve(parse(text), lambda *_: None)
    assert_the_same(again.classes, found.classes)
    assert list(again.qualifiers) == sorted(found.qualifiers, key=str.lower)


def test_one_class_of_the_dmtf_after_the_other() -> None:
    found = dmtf().classes
    known = {class_.name: class_ for class_ in found}
    for class_ in found[::8]:
        parent = known[class_.superclass] if class_.superclass else None
        again = resolve(parse(format(class_, parent)), lambda _, name: known.get(name), class_.namespace).classes
        assert_the_same(again, [class_])


def test_the_keys_of_the_dmtf_keep_the_rules() -> None:
    known = {class_.name: class_ for class_ in dmtf().classes}
    parents = [(class_, known[class_.superclass] if class_.superclass else None) for class_ in known.values()]
    assert [problem.message for problem in itertools.starmap(key_problem, parents) if problem is not None] == []
    abstract = [problem.message for problem in itertools.starmap(abstract_problem, parents) if problem is not None]
    assert abstract == ["CIM_PolicyInSystem is abstract, and CIM_HostedDependency, from which it derives, is not"]


class Documented:
    """The blocks of the documentation, each compiled once those are from which it derives."""

    def __init__(self) -> None:
        self.standard = parse(STANDARD.read_text(encoding="utf-8"), STANDARD.name)
        self.blocks: dict[str, tuple[Declaration, ...]] = {}
        self.not_parsed: dict[str, int] = {}
        self.not_resolved: dict[str, int] = {}
        self.stubs: set[str] = set()
        self.classes: dict[str, CimClass] = {}
        self.block_of: dict[str, str] = {}
        self.done: set[str] = set()
        self.resolved: set[str] = set()
        for name, text in texts(MICROSOFT).items():
            file = name.rpartition("/")[2]
            try:
                self.blocks[file] = parse(text, file)
            except MofError as error:
                self.not_parsed[place(error)] = int(error.status)
                continue
            for declared in self.names(file):
                self.block_of[declared] = file
        for file in self.blocks:
            self.compile(file)

    def names(self, file: str) -> Iterator[str]:
        for declaration in self.blocks[file]:
            yield getattr(declaration, "name", "").lower()

    def find(self, _: str, name: str) -> CimClass | None:
        if name.lower() not in self.block_of:
            self.stubs.add(name)
            return CimClass(name)
        self.compile(self.block_of[name.lower()])
        return self.classes.get(name.lower())

    def compile(self, file: str) -> None:
        if file in self.done:
            return
        self.done.add(file)
        try:
            found = resolve((*self.standard, *self.blocks[file]), self.find).classes
        except MofError as error:
            self.not_resolved[place(error)] = int(error.status)
            return
        self.resolved.add(file)
        self.classes.update({class_.name.lower(): class_ for class_ in found})


@pytest.fixture(scope="module")
def documented(shared: Path) -> Documented:
    return Documented()


def test_the_documentation_parses(documented: Documented) -> None:
    assert len(documented.blocks) == 571
    assert documented.not_parsed == {name: int(status) for name, status in NOT_PARSED.items()}


def test_the_documentation_resolves(documented: Documented) -> None:
    assert documented.not_resolved == {name: int(status) for name, status in NOT_RESOLVED.items()}
    assert documented.stubs == STUBS
    assert len(documented.resolved) == 555


def test_the_documentation_goes_out_and_in_again(documented: Documented) -> None:
    expected = [class_ for class_ in documented.classes.values() if class_.superclass not in STUBS]
    text = format_namespace("root\\default", expected)
    assert_the_same(resolve(parse(text), lambda *_: None).classes, expected)


def test_the_keys_of_the_documentation_keep_the_rules(documented: Documented) -> None:
    found = documented.classes
    for class_ in found.values():
        parent = found.get(class_.superclass.lower()) if class_.superclass else None
        if class_.superclass is None or parent is not None:
            assert key_problem(class_, parent) is None
            assert abstract_problem(class_, parent) is None
