"""The list of providers: ours, none of them loaded for it; other packages'; the page that is written from them."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tools import win32

import openwmi
from openwmi.base.case import fold
from openwmi.cli import main
from openwmi.engine.provider import MethodTable
from openwmi.engine.registration import Registration, shipped_class
from openwmi.providers.catalogue import FAMILIES, builtin, registrations
from openwmi.providers.listing import listed
from openwmi.providers.reading import HostProvider, Null, Reads
from openwmi.repository import ShippedLayer

OURS = list(builtin())

# Classes that are shipped, and that nobody here provides yet. Whoever provides one takes it out.
WAITING: list[str] = []


def test_no_provider_is_loaded_to_know_of_it() -> None:
    code = (
        "import sys; from pathlib import Path; from openwmi.providers.catalogue import registrations;"
        "registrations(Path('r.db'));"
        "sys.exit(any(n.startswith('openwmi.providers.time.') or n == 'psutil' for n in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_every_shipped_class_has_its_provider_or_waits() -> None:
    layer = ShippedLayer.load()
    dynamic = {
        name
        for name, _ in layer.classes("root\\cimv2")
        if not name.startswith("__")
        and "Dynamic" in shipped_class(name).qualifiers
        and not shipped_class(name).is_abstract
    }
    served = {each.class_name for each in OURS if each.namespace == "root\\cimv2"}
    assert served <= dynamic
    assert dynamic - served == set(WAITING)


@pytest.mark.parametrize("registration", OURS, ids=lambda each: str(each.class_name))
def test_a_provider_of_ours_is_what_it_is_registered_as(registration: Registration) -> None:
    made = registration.load()
    cim_class = shipped_class(registration.class_name, registration.namespace)
    assert str(made.cim_class).rpartition(":")[2] == registration.class_name
    declared = {m.name: "Implemented" in m.qualifiers for m in cim_class.methods}
    served = MethodTable(type(made))
    assert {name: served.find(name) is not None for name in declared} == declared
    if isinstance(made, HostProvider):
        assert [name for name in made.table if name not in {p.name for p in cim_class.properties}] == []
        assert [name for name in cim_class.keys if not isinstance(made.table.get(name), Reads)] == []
        assert all(column.why if isinstance(column, Null) else column.source for column in made.table.values())


def test_the_page_is_what_the_tables_say() -> None:
    assert win32.FILE.read_text(encoding="utf-8") == win32.text(), "run `python -m tools.win32`"


# ------------------------------------------------------------------------------------------------------ other packages

MODULE = """
from openwmi import Provider

class Battery(Provider):
    cim_class = "Win32_Environment"
    def instances(self, request):
        yield {"Name": "A", "UserName": "u"}

class Lamp(Provider):
    mof = '#pragma namespace("root\\\\\\\\home") [Dynamic] class Home_Lamp { [Key] string Name; };'
    def instances(self, request):
        yield {"Name": "desk"}

class Lost(Provider):
    cim_class = "Win32_Nowhere"
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """`install(entry points)`: a package beside openwmi that has them."""

    def make(lines: str) -> None:
        info = tmp_path / "other_package-2.5.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: other-package\nVersion: 2.5\n", encoding="ascii")
        (info / "entry_points.txt").write_text(f"[openwmi.providers]\n{lines}\n", encoding="ascii")
        (tmp_path / "other_module.py").write_text(MODULE, encoding="ascii")
        monkeypatch.syspath_prepend(str(tmp_path))

    yield make
    sys.modules.pop("other_module", None)


def found(class_name: str) -> list[object]:
    return [
        each
        for each in registrations(Path("r.db"))
        if isinstance(each, Registration) and fold(each.class_name) == fold(class_name)
    ]


def test_a_package_brings_a_provider_of_a_shipped_class(install: Callable[[str], None]) -> None:
    install("Win32_Environment = other_module:Battery")
    (registration,) = found("Win32_Environment")
    assert isinstance(registration, Registration)
    assert "other_module" not in sys.modules
    assert type(registration.load()).__name__ == "Battery"


async def test_a_package_brings_a_class_of_its_own(install: Callable[[str], None]) -> None:
    install("root.home.Home_Lamp = other_module:Lamp")
    async with openwmi.connect("root/home") as ns:
        assert [lamp.Name for lamp in await ns.query("SELECT * FROM Home_Lamp")] == ["desk"]


async def test_one_that_is_broken_keeps_no_other_from_working(
    install: Callable[[str], None], caplog: pytest.LogCaptureFixture
) -> None:
    install(
        "Win32_Environment = other_module:Missing\n"
        "Win32_Nowhere = other_module:Lost\n"
        "Other_Name = other_module:Battery\n"
        "root.home.Home_Lamp = no_such_module:Lamp"
    )
    with caplog.at_level(logging.WARNING, "openwmi.providers"):
        async with openwmi.connect() as ns:
            assert len(await ns.query("SELECT Caption FROM Win32_OperatingSystem")) == 1
            with pytest.raises(openwmi.WbemError, match="Missing") as caught:
                await ns.query("SELECT * FROM Win32_Environment")
    assert caught.value.status == openwmi.WbemStatus.PROVIDER_LOAD_FAILURE
    assert [message.partition(" = ")[0] for message in caplog.messages if "cannot be used" in message] == [
        "the provider Other_Name",
        "the provider Win32_Nowhere",
        "the provider root.home.Home_Lamp",
    ]


def test_the_list_says_where_each_is_from_and_what_is_wrong(install: Callable[[str], None]) -> None:
    install("Win32_Environment = other_module:Battery\nWin32_Nowhere = other_module:Lost")
    lines = {(each.class_name, each.origin): each for each in listed()}
    assert lines["Win32_Process", "openwmi"].methods == ("Create", "GetOwner", "Terminate")
    assert lines["Win32_Environment", "other-package 2.5"].problem == ""
    assert "Win32_Nowhere" in lines["Win32_Nowhere", "other-package 2.5"].problem


def test_the_command(install: Callable[[str], None], capsys: pytest.CaptureFixture[str]) -> None:
    install("Win32_Nowhere = other_module:Lost")
    assert main(["providers", "list", "--format", "csv"]) == 0
    printed = capsys.readouterr()
    assert printed.out.splitlines()[0] == "Class,Namespace,Provider,From,Methods,Problem"
    assert "Win32_OperatingSystem,root\\cimv2,OperatingSystemProvider,openwmi,," in printed.out
    assert printed.err.startswith("other_module:Lost of other-package 2.5: ")
    assert len(FAMILIES) == len(set(FAMILIES))
