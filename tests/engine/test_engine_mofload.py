"""MOF that is compiled into a repository: what it creates first, its amendments, and a trial that stores nothing."""

from __future__ import annotations

from pathlib import Path
from zipfile import ZipFile

import pytest
from tests.engine.storing import Place

from openwmi.base.error import WbemError
from openwmi.base.status import MofStatus, WbemStatus
from openwmi.model import ChangeFlag, CimClass, Flavor
from openwmi.mof import MofError, format_namespace
from openwmi.session import Namespace

CORPORA = Path(__file__).parents[2] / "../shared/mof"
REFUSED = Path(__file__).parents[1] / "mof/msdocs.txt"

SHELF = "class Shelf { [key] string Name; uint8 Width = 7; };"
AMENDED = r"""
#pragma amendment("MS_409")
[Description("A shelf") : Amended ToSubclass, Dull(5)]
class Shelf { [key] string Name; [Description("Its width") : Amended ToSubclass, Units("cm")] uint8 Width; };
class Plain { [key] string Name; };
instance of Shelf { Name = "a"; };
"""
NEW = r"""
instance of __NAMESPACE { Name = "new"; };
#pragma namespace("\\\\.\\root\\cimv2\\new")
class Box { [key] string Name; };
class Crate : Box {};
class Bell : __ExtrinsicEvent { string Tone; };
instance of Crate { Name = "a"; };
instance of __IntervalTimerInstruction { TimerId = "t"; IntervalBetweenEvents = 1000; };
"""


async def within(place: Place, ns: Namespace, name: str) -> Namespace:
    inner: Namespace = await (await place.seen(ns)).namespace(name)
    return inner


# ----------------------------------------------------------------------------------------------------------- amendments


async def test_an_amendment_is_stored_in_two_parts(place: Place) -> None:
    ns = await place.open()
    paths = await ns.load_mof(AMENDED)
    assert [str(path.relative) for path in paths] == [
        "Shelf",
        "Plain",
        'Shelf.Name="a"',
        '__NAMESPACE.Name="ms_409"',
        "Shelf",
    ]
    assert paths[-1].namespace == r"root\cimv2\ms_409"
    neutral = await (await place.seen(ns)).get("Shelf")
    assert "Description" not in neutral.qualifiers
    assert neutral.qualifiers["Dull"].value == 5
    assert neutral.property("Width").qualifiers["Units"].value == "cm"
    language = await within(place, ns, "ms_409")
    amended = await language.get("Shelf")
    assert amended.qualifiers["Description"].value == "A shelf"
    assert amended.qualifiers["Description"].flavor & Flavor.AMENDED
    assert (amended.qualifiers["Amendment"].value, amended.qualifiers["Locale"].value) == (True, 0x409)
    assert amended.property("Width").qualifiers["Description"].value == "Its width"
    with pytest.raises(WbemError, match="no class Plain"):
        await language.get("Plain")


async def test_an_amendment_can_be_compiled_again(place: Place) -> None:
    ns = await place.open(AMENDED)
    await ns.load_mof(AMENDED.replace("A shelf", "Another"))
    language = await within(place, ns, "ms_409")
    assert (await language.get("Shelf")).qualifiers["Description"].value == "Another"


async def test_both_parts_are_stored_or_none(place: Place) -> None:
    """Here the second part fails: its class is still there."""
    ns = await place.open(AMENDED)
    await ns.delete("Shelf")
    await ns.delete("Plain")
    with pytest.raises(MofError, match="Shelf exists already") as caught:
        await ns.load_mof(AMENDED, class_flags=ChangeFlag.CREATE_ONLY)
    assert caught.value.status == WbemStatus.ALREADY_EXISTS
    ns = await place.seen(ns)
    assert {each.name for each in await ns.classes()} & {"Shelf", "Plain"} == set()


# ----------------------------------------------------------------------------------------------------------- namespaces


async def test_a_text_may_use_the_namespace_that_it_creates(place: Place) -> None:
    ns = await place.open(NEW)
    new = await within(place, ns, "new")
    assert [each.Name for each in await new.instances("Box")] == ["a"]
    assert (await new.get("Bell")).superclass == "__ExtrinsicEvent"
    assert (await new.get('__IntervalTimerInstruction="t"')).IntervalBetweenEvents == 1000
    assert str((await new.get('Crate="a"')).path_).endswith(r'root\cimv2\new:Crate.Name="a"')


async def test_a_namespace_that_nothing_creates(place: Place) -> None:
    ns = await place.open()
    with pytest.raises(MofError, match="there is no namespace") as caught:
        await ns.load_mof('#pragma namespace("root\\\\nowhere")\nclass Box : __ExtrinsicEvent {};')
    assert (caught.value.status, caught.value.line) == (WbemStatus.INVALID_NAMESPACE, 2)


async def test_a_namespace_whose_creation_failed_is_not_known_later(place: Place) -> None:
    ns = await place.open()
    with pytest.raises(MofError):
        await ns.load_mof(NEW + "instance of Nowhere {};")
    with pytest.raises(MofError):
        await ns.load_mof(NEW.replace('Name = "a"', "Name = NULL; Name2 = 1"))
    with pytest.raises(WbemError, match="there is no namespace"):
        await (await place.seen(ns)).namespace("new")
    await ns.load_mof(NEW)
    assert [each.Name for each in await (await within(place, ns, "new")).instances("Box")] == ["a"]


# --------------------------------------------------------------------------------------------------------------- trials


async def test_a_trial_says_what_is_wrong_and_stores_nothing(place: Place) -> None:
    ns = await place.open(SHELF)
    problems = await ns.check_mof(
        [
            "class Box : Shelf {};",
            "class Broken {",
            'instance of Box { Name = "a"; };',
            "\n  instance of Shelf { Width = 1000; };",
            "class Box : Nowhere {};",
            NEW,
        ]
    )
    found = [(each.line, each.column) for each in problems if isinstance(each, MofError)]
    assert found == [(1, 15), (2, 31), (1, 13)]
    assert problems[2].status == WbemStatus.INVALID_SUPERCLASS
    ns = await place.seen(ns)
    with pytest.raises(WbemError, match="no class Box"):
        await ns.get("Box")
    assert await ns.instances("Shelf") == []
    with pytest.raises(WbemError, match="there is no namespace"):
        await ns.namespace("new")


async def test_a_trial_knows_what_is_stored(place: Place) -> None:
    ns = await place.open(SHELF + 'instance of Shelf { Name = "a"; };')
    again = 'instance of Shelf { Name = "A"; };'
    assert await ns.check_mof([again]) == ()
    (problem,) = await ns.check_mof([again], instance_flags=ChangeFlag.CREATE_ONLY)
    assert problem.status == WbemStatus.ALREADY_EXISTS
    (problem,) = await ns.check_mof([SHELF], class_flags=ChangeFlag.CREATE_ONLY)
    assert problem.status == WbemStatus.ALREADY_EXISTS
    await ns.load_mof('instance of Shelf { Name = "b"; };')
    assert [each.Name for each in await (await place.seen(ns)).instances("Shelf")] == ["a", "b"]


async def test_a_trial_makes_no_file(tmp_path: Path) -> None:
    place = Place("file", tmp_path)
    ns = await place.open()
    assert await ns.check_mof([SHELF]) == ()
    assert list(tmp_path.iterdir()) == []  # noqa: ASYNC240 - nobody else is on this loop


async def test_a_trial_of_files(tmp_path: Path) -> None:
    (tmp_path / "part.mof").write_text("class Part : Nowhere {};", encoding="utf-8")
    (tmp_path / "main.mof").write_text('#pragma include("part.mof")', encoding="utf-8")
    ns = await Place("memory", tmp_path).open()
    (problem,) = await ns.check_mof([tmp_path / "main.mof"])
    assert isinstance(problem, MofError)
    assert (Path(problem.file).name, problem.line, problem.column) == ("part.mof", 1, 14)
    with pytest.raises(WbemError) as caught:
        ns.check_mof([tmp_path / "missing.mof"])
    assert caught.value.status == MofStatus.INVALID_FILE


# -------------------------------------------------------------------------------------------------------- this machine


@pytest.mark.parametrize("server", [".", "localhost", "LocalHost", "its own"])
async def test_a_namespace_of_this_machine(place: Place, server: str) -> None:
    ns = await place.open()
    own = (await ns.get("__SystemClass")).server
    named = own.lower() if server == "its own" else server
    await ns.load_mof(f'#pragma namespace("\\\\\\\\{named}\\\\root\\\\cimv2")\n' + SHELF)
    assert (await (await place.seen(ns)).get("Shelf")).name == "Shelf"


async def test_a_namespace_of_another_machine(place: Place) -> None:
    ns = await place.open()
    with pytest.raises(MofError, match="is on another server") as caught:
        await ns.load_mof('\n#pragma namespace("//elsewhere.example/root/cimv2")\n' + SHELF)
    assert (caught.value.status, caught.value.line) == (MofStatus.INVALID_NAMESPACE_SPECIFICATION, 2)


# ------------------------------------------------------------------------------------------------ what others have made


async def empty(folder: Path, mof: str = "") -> Namespace:
    """A namespace that has no classes but the system's and these."""
    return await Place("memory", folder).open(mof, namespace=r"root\subscription")


async def exported(ns: Namespace) -> tuple[str, list[CimClass]]:
    classes = [class_ for class_ in await ns.classes() if not class_.name.startswith("__")]
    return format_namespace(ns.name, classes), classes


async def test_a_class_that_was_forced_goes_out_and_in_again(tmp_path: Path) -> None:
    forced = '#pragma classflags("forceupdate")\n[abstract] class K2 : K1 {};\n#pragma classflags("")\n'
    ns = await empty(tmp_path, "class K1 { [key] string k; };" + forced + "class K3 : K2 {};")
    text, classes = await exported(ns)
    elsewhere = await empty(tmp_path, text)
    assert (await exported(elsewhere)) == (text, classes)
    assert [class_.name for class_ in classes] == ["K1", "K2", "K3"]
    with pytest.raises(MofError, match="K4 is abstract") as caught:
        await elsewhere.load_mof(text + "[abstract] class K4 : K1 {};")
    assert caught.value.status == WbemStatus.CANNOT_BE_ABSTRACT


def unpacked(corpus: str, folder: Path) -> Path:
    path = CORPORA / corpus
    if not path.exists():
        pytest.skip(f"{corpus} is not beside the project")
    with ZipFile(path) as archive:
        archive.extractall(folder)
    return folder


@pytest.mark.no_cover  # other tests show that each line is run
async def test_the_schema_of_the_dmtf_goes_out_and_in_again(tmp_path: Path) -> None:
    (schema,) = unpacked("cim_schema_2.49.0Final-MOFs.zip", tmp_path).rglob("cim_schema_2.49.0.mof")
    ns = await empty(tmp_path)
    with pytest.raises(MofError, match="CIM_PolicyInSystem is abstract"):
        await ns.load_mof(schema)
    await ns.load_mof(schema, class_flags=ChangeFlag.UPDATE_FORCE_MODE)
    text, classes = await exported(ns)
    assert len(classes) == 1631
    elsewhere = await empty(tmp_path, text)
    again, others = await exported(elsewhere)
    assert {class_.name: class_ for class_ in others} == {class_.name: class_ for class_ in classes}
    assert again == text


class Documented:
    """The blocks of Microsoft's documentation, compiled in whatever order they need; numbers are lines of a block."""

    def __init__(self, ns: Namespace, blocks: dict[str, str], standard: str) -> None:
        self.ns = ns
        self.pending = blocks
        self.standard = standard + "\n"
        self.compiled: list[str] = []
        self.refused: dict[str, str] = {}

    async def compile(self) -> None:
        before = len(self.pending) + 1
        while len(self.pending) < before:
            before = len(self.pending)
            self.pending = {name: text for name, text in self.pending.items() if not await self.compiles(name, text)}

    async def compiles(self, name: str, text: str) -> bool:
        try:
            paths = await self.ns.load_mof(self.standard + text)
        except MofError as error:
            status = next(each for kind in (WbemStatus, MofStatus) for each in kind if each == error.status)
            self.refused[name] = f"{error.line - self.standard.count(chr(10))} {status.name}"
            return False
        self.refused.pop(name, None)
        self.compiled.extend([path.class_name for path in paths])
        return True

    async def is_there(self, name: str) -> bool:
        """Whether the block is of a system class that every namespace has, under this name."""
        class_name = name.removesuffix(".mof").partition("__")[2]
        if not class_name.startswith("__"):
            return False
        try:
            found = await self.ns.get(class_name)
        except WbemError:
            return False
        assert isinstance(found, CimClass)
        return found.name.lower() == class_name.lower()


async def test_the_blocks_of_the_documentation(tmp_path: Path) -> None:
    """Those that are refused, and why, are in msdocs.txt; no page prints the two classes that are made up here."""
    folder = unpacked("msdocs-cimwin32.zip", tmp_path)
    blocks = {file.name: file.read_text(encoding="utf-8") for file in sorted(folder.rglob("*.mof"))}
    ns = await empty(tmp_path, "class CacheControl {}; [abstract] class Win32_MethodParameterClass {};")
    documented = Documented(ns, blocks, (CORPORA / "wmiqualifiers.mof").read_text(encoding="utf-8"))
    await documented.compile()
    refused = sorted(documented.refused.items())
    lines = [f"{name}:{found}{' there' * await documented.is_there(name)}" for name, found in refused]
    listed = REFUSED.read_text(encoding="utf-8").splitlines()
    assert lines == [line for line in listed if line and not line.startswith("#")]
    assert (len(blocks), len(documented.compiled), len(lines)) == (574, 497, 77)
    assert sum(line.endswith(" INVALID_OPERATION there") for line in lines) == 49
