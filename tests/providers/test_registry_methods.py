"""StdRegProv: its methods and their codes; a file that two programs share and that nothing breaks."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.providers.serving import Asking, bare

from openwmi.base.limits import REGISTRY_VALUE_OCTETS
from openwmi.engine import Engine
from openwmi.engine.provider import MethodCall, MethodTable
from openwmi.engine.registration import shipped_class
from openwmi.locator import connect
from openwmi.providers.registry.failure import Code, RegistryError, code_of
from openwmi.providers.registry.path import split
from openwmi.providers.registry.provider import DefaultRegistryProvider, RegistryProvider
from openwmi.providers.registry.values import Kind, decode, encode
from openwmi.session import Namespace

ROOT, USER, MACHINE, USERS, CONFIG = 0x80000000, 0x80000001, 0x80000002, 0x80000003, 0x80000005
PATH = "SOFTWARE\\Example"
VARIABLES = '== /etc/environment\nEDITOR="vi"\n'

Reg = Callable[..., Any]


@pytest.fixture
def provider(tmp_path: Path) -> RegistryProvider:
    return RegistryProvider(bare(tmp_path, VARIABLES))


@pytest.fixture
def reg(provider: RegistryProvider, asking: Asking) -> Reg:
    """`reg("EnumKey", PATH, MACHINE)`: the code alone where there is nothing else, else the code and what there is."""
    table = MethodTable(RegistryProvider)

    def call(name: str, path: str | None = PATH, hive: object = None, **inputs: object) -> Any:
        given = {"hDefKey": hive, "sSubKeyName": path, **inputs}
        function = table.find(name)
        assert function is not None
        row = dict(function(provider, MethodCall(asking("StdRegProv"), None, given)))
        code = row.pop("ReturnValue")
        return (code, *row.values()) if row else code

    return call


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "var/lib/openwmi/registry.db"


def test_it_begins_with_the_keys_of_every_registry_and_no_file(reg: Reg, file: Path) -> None:
    assert reg("EnumKey", "") == (0, ("HARDWARE", "SOFTWARE", "SYSTEM"))
    assert reg("EnumKey", None) == reg("EnumKey", "", MACHINE)
    assert reg("EnumKey", "", USERS) == (0, (".DEFAULT",))
    assert reg("EnumKey", "SOFTWARE") == (0, ("Classes",))
    assert reg("EnumKey", "software\\classes") == (0, None)
    assert not file.exists()


def test_keys_are_made_with_those_above_them(reg: Reg) -> None:
    assert reg("CreateKey", PATH + "\\A\\B") == 0
    assert reg("CreateKey", PATH.upper() + "\\b") == 0
    assert reg("CreateKey", PATH) == 0
    assert reg("EnumKey", PATH) == (0, ("A", "b"))
    assert reg("EnumKey", "SOFTWARE") == (0, ("Classes", "Example"))


def test_keys_go_one_by_one(reg: Reg) -> None:
    reg("CreateKey", PATH + "\\A")
    reg("SetStringValue", PATH + "\\A", sValueName="v", sValue="x")
    assert reg("DeleteKey", PATH) == 5
    assert reg("DeleteKey", PATH + "\\a\\") == 0
    assert reg("DeleteKey", PATH + "\\A") == 2
    assert reg("DeleteKey", PATH) == 0
    assert reg("EnumKey", PATH) == 2
    reg("CreateKey", PATH + "\\A")
    assert reg("EnumValues", PATH + "\\A") == (0, None, None)


@pytest.mark.parametrize("path", ["", "SOFTWARE", "software\\classes", "SYSTEM\\CurrentControlSet"])
def test_keys_that_are_always_there(path: str, reg: Reg) -> None:
    assert reg("DeleteKey", path) == 5
    assert reg("CreateKey", path) == 0


@pytest.mark.parametrize(("hive", "path"), [(MACHINE, "Other"), (USERS, "S-1-5-21"), (None, "Other\\Deep")])
def test_no_keys_of_ones_own_directly_below_the_top(hive: int | None, path: str, reg: Reg) -> None:
    assert reg("CreateKey", path, hive) == 87
    assert reg("EnumKey", path, hive) == 2


def test_predefined_keys_are_names_of_others(reg: Reg) -> None:
    assert reg("EnumKey", "", USER) == (0, None)
    assert reg("SetStringValue", "", USER, sValueName="", sValue="default") == 0
    assert reg("CreateKey", "A", USER) == reg("CreateKey", "A", ROOT) == reg("CreateKey", "A", CONFIG) == 0
    assert reg("GetStringValue", "S-1-22-1-1000", USERS, sValueName=None) == (0, "default")
    assert reg("EnumKey", "S-1-22-1-1000", USERS) == (0, ("A",))
    assert reg("EnumKey", "SOFTWARE\\Classes") == (0, ("A",))
    assert reg("EnumKey", "SYSTEM\\CurrentControlSet\\Hardware Profiles\\Current") == (0, ("A",))
    assert reg("DeleteKey", "", USER) == 5


@pytest.mark.parametrize("hive", [0, 1, 0x80000004, 0x80000006, 2**32 - 1])
def test_other_numbers_are_no_keys(hive: int, reg: Reg) -> None:
    assert reg("EnumKey", PATH, hive) == reg("CreateKey", PATH, hive) == 6
    assert reg("CheckAccess", PATH, hive) == (6, False)


@pytest.mark.parametrize("path", ["\\SOFTWARE", "SOFTWARE\\\\A", "SOFTWARE\\" + "x" * 256, "A\0", "S\\" * 600])
def test_paths_that_are_none(path: str, reg: Reg) -> None:
    assert reg("EnumKey", path) == reg("CreateKey", path) == reg("SetStringValue", path, sValueName="", sValue="") == 87


VALUES = [
    ("String", "sValue", 1, "text with ü and \U0001f600"),
    ("String", "sValue", 1, ""),
    ("ExpandedString", "sValue", 2, "plain"),
    ("Binary", "uValue", 3, (0, 1, 255)),
    ("Binary", "uValue", 3, ()),
    ("DWORD", "uValue", 4, 0),
    ("DWORD", "uValue", 4, 2**32 - 1),
    ("MultiString", "sValue", 7, ("one", "zwei", "trois")),
    ("MultiString", "sValue", 7, ()),
    ("QWORD", "uValue", 11, 2**64 - 1),
    ("QWORD", "uValue", 11, 2**63),
]


@pytest.mark.parametrize(("kind", "parameter", "number", "value"), VALUES)
def test_values_come_back(kind: str, parameter: str, number: int, value: object, reg: Reg) -> None:
    reg("CreateKey")
    assert reg(f"Set{kind}Value", sValueName="Name", **{parameter: value}) == 0
    assert reg(f"Get{kind}Value", sValueName="nAME") == (0, value)
    assert reg("EnumValues") == (0, ("Name",), (number,))
    for other in {each[0] for each in VALUES} - {kind}:
        assert reg(f"Get{other}Value", sValueName="Name") == 0x80041005


def test_a_value_is_replaced_by_one_of_another_type(reg: Reg) -> None:
    reg("CreateKey")
    reg("SetStringValue", sValueName="First", sValue="1")
    reg("SetDWORDValue", sValueName="", uValue=7)
    assert reg("SetDWORDValue", sValueName="FIRST", uValue=1) == 0
    assert reg("EnumValues") == (0, ("First", ""), (4, 4))
    assert reg("DeleteValue", sValueName="first") == 0
    assert reg("DeleteValue", sValueName="first") == 2
    assert reg("EnumValues") == (0, ("",), (4,))


def test_what_is_not_there(reg: Reg) -> None:
    """A value is 1 to those who want it; a key is 2."""
    assert reg("GetStringValue", sValueName="v") == reg("SetStringValue", sValueName="v", sValue="") == 2
    assert reg("EnumValues") == reg("DeleteValue", sValueName="v") == 2
    assert reg("CheckAccess") == (2, False)
    reg("CreateKey")
    assert reg("GetStringValue", sValueName="v") == 1
    assert reg("GetStringValue", "", USER, sValueName="v") == 1


@pytest.mark.parametrize(
    ("name", "inputs"),
    [
        ("SetStringValue", {"sValueName": "v", "sValue": None}),
        ("SetStringValue", {"sValueName": "v", "sValue": "x" * (REGISTRY_VALUE_OCTETS + 1)}),
        ("SetStringValue", {"sValueName": "v" * 16384, "sValue": ""}),
        ("SetStringValue", {"sValueName": "v\0", "sValue": ""}),
        ("SetMultiStringValue", {"sValueName": "v", "sValue": ("a", "")}),
        ("SetMultiStringValue", {"sValueName": "v", "sValue": ("a\0b",)}),
        ("SetDWORDValue", {"sValueName": "v", "uValue": None}),
    ],
)
def test_values_that_are_none(name: str, inputs: dict[str, object], reg: Reg) -> None:
    reg("CreateKey")
    assert reg(name, **inputs) == 87
    assert reg("EnumValues") == (0, None, None)


def test_variables_are_expanded_and_no_secrets(reg: Reg, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of Win32_Environment, and nothing of what this process has."""
    monkeypatch.setenv("SECRET", "1")
    reg("CreateKey")
    reg("SetExpandedStringValue", sValueName="v", sValue="%editor% %SECRET% 100% %%")
    assert reg("GetExpandedStringValue", sValueName="v") == (0, "vi %SECRET% 100% %%")


@pytest.mark.parametrize(
    ("required", "granted"),
    [(None, True), (1, True), (3, True), (8 | 16 | 0x20000, True), (4 | 0x10000, True), (0x40000, False), (32, False)],
)
def test_access(required: int | None, granted: bool, reg: Reg) -> None:
    assert reg("CheckAccess", "SOFTWARE", uRequired=required) == (0 if granted else 5, granted)


def test_a_place_that_cannot_be_written(reg: Reg, file: Path) -> None:
    file.parent.parent.mkdir(parents=True)
    file.parent.write_text("no folder")
    assert reg("EnumKey", "") == (0, ("HARDWARE", "SOFTWARE", "SYSTEM"))
    assert reg("CreateKey") == 1117
    assert reg("CheckAccess", "SOFTWARE", uRequired=1) == (0, True)
    assert reg("CheckAccess", "SOFTWARE", uRequired=2) == (5, False)


def test_a_file_of_something_else_stays_as_it_is(reg: Reg, file: Path) -> None:
    file.parent.mkdir(parents=True)
    for content in (b"something else " * 100, _other_database(file)):
        file.write_bytes(content)
        assert reg("EnumKey", "") == reg("CreateKey") == 1009
        assert file.read_bytes() == content


def _other_database(file: Path) -> bytes:
    with sqlite3.connect(file) as database:
        database.execute("CREATE TABLE other (a)")
    database.close()
    return file.read_bytes()


def test_a_file_that_was_only_begun(reg: Reg, file: Path) -> None:
    file.parent.mkdir(parents=True)
    file.touch()
    assert reg("EnumKey", "") == (0, ("HARDWARE", "SOFTWARE", "SYSTEM"))
    assert reg("CreateKey") == 0


def test_the_file_is_ours_alone(reg: Reg, file: Path) -> None:
    reg("CreateKey")
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_a_file_that_grows_too_large(reg: Reg, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("openwmi.providers.registry.store.REGISTRY_FILE_OCTETS", 1 << 16)
    reg("CreateKey")
    assert reg("SetStringValue", sValueName="v", sValue="x" * (1 << 17)) == 112
    assert reg("EnumValues") == (0, None, None)
    assert reg("SetStringValue", sValueName="v", sValue="small") == 0


def test_somebody_else_writes_just_now(reg: Reg, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("openwmi.providers.registry.store.HOST_SECONDS", 0.01)
    reg("CreateKey")
    with sqlite3.connect(file, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        assert reg("SetStringValue", sValueName="v", sValue="") == 170
        assert reg("EnumKey", "SOFTWARE") == (0, ("Classes", "Example"))
    other.close()


WRITER = """
import sys
from pathlib import Path
from openwmi.providers.registry.store import Store
from openwmi.providers.registry.values import Kind
name, store = sys.argv[1], Store(Path(sys.argv[2]))
for number in range(int(sys.argv[3])):
    with store.writing() as keys:
        key = keys.make(("HKEY_LOCAL_MACHINE", "SOFTWARE", name))
        keys.put(key, "a", Kind.DWORD, number.to_bytes(4, "little"))
        keys.put(key, "b", Kind.DWORD, number.to_bytes(4, "little"))
    print(number, flush=True)
"""


def writer(file: Path, name: str, times: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, name, str(file), str(times)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_two_programs_write_at_once(reg: Reg, file: Path) -> None:
    both = [writer(file, name, 20) for name in ("One", "Two")]
    assert [(len(each.communicate()[0].split()), each.returncode) for each in both] == [(20, 0), (20, 0)]
    for name in ("One", "Two"):
        assert reg("GetDWORDValue", f"SOFTWARE\\{name}", sValueName="b") == (0, 19)


@pytest.mark.parametrize("seen", [1, 2, 5])
def test_a_program_that_is_killed_leaves_whole_changes(seen: int, reg: Reg, file: Path) -> None:
    """What was acknowledged is there, and the two values of a change are always alike."""
    child = writer(file, "Killed", 10**6)
    assert child.stdout is not None
    said = [int(child.stdout.readline()) for _ in range(seen)]
    os.kill(child.pid, signal.SIGKILL)
    said += [int(line) for line in child.communicate()[0].splitlines() if line]
    first, second = (reg("GetDWORDValue", "SOFTWARE\\Killed", sValueName=name) for name in "ab")
    assert first == second
    assert first[1] >= said[-1]
    assert reg("CreateKey") == 0


@given(st.sampled_from([Kind.STRING, Kind.EXPANDED_STRING]), st.text(st.characters(codec=None)))
def test_texts_come_back(kind: Kind, value: str) -> None:
    assert decode(kind, encode(kind, value)) == value


@given(st.lists(st.text(st.characters(exclude_characters="\0"), min_size=1)).map(tuple))
def test_lists_of_texts_come_back(value: tuple[str, ...]) -> None:
    assert decode(Kind.MULTI_STRING, encode(Kind.MULTI_STRING, value)) == value


@given(st.text())
def test_a_path_is_names_or_refused(text: str) -> None:
    try:
        parts = split(text)
    except RegistryError as error:
        assert error.code is Code.INVALID_PARAMETER
    else:
        assert "\\".join(parts) == text.removesuffix("\\")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (PermissionError(), Code.ACCESS_DENIED),
        (OSError(), Code.INPUT_OUTPUT),
        (sqlite3.OperationalError(), Code.GENERAL_FAILURE),
        (RegistryError(Code.BUSY, ""), Code.BUSY),
    ],
)
def test_codes_of_failures(error: Exception, code: Code) -> None:
    assert code_of(error) is code


@pytest.mark.parametrize(
    ("environment", "file"),
    [
        ({"OPENWMI_REPOSITORY": "{}/a/repository.db"}, "a/registry.db"),
        ({"OPENWMI_REPOSITORY": "", "STATE_DIRECTORY": "{}/state:/other"}, "state/registry.db"),
        ({"OPENWMI_REPOSITORY": "", "STATE_DIRECTORY": "", "XDG_DATA_HOME": "{}/data"}, "data/openwmi/registry.db"),
    ],
)
@pytest.mark.skipif(sys.platform != "linux", reason="the last place is that of Linux")
async def test_it_is_beside_the_repository_in_both_namespaces(
    environment: dict[str, str], file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value.format(tmp_path))
    engine = Engine("HOST1", [RegistryProvider(), DefaultRegistryProvider()])
    ours, default = (Namespace(engine.session(name)) for name in ("root\\cimv2", "root\\default"))
    made = await ours.call("StdRegProv", "CreateKey", sSubKeyName=PATH)
    found = await default.call("StdRegProv", "EnumKey", hDefKey=MACHINE, sSubKeyName="SOFTWARE")
    assert (made.ReturnValue, found.sNames) == (0, ("Classes", "Example"))
    assert (tmp_path / file).exists()


@pytest.mark.parametrize(("repository", "file"), [("repository.db", "registry.db"), ("demo.db", "demo.registry.db")])
async def test_it_follows_the_repository_of_a_connection(repository: str, file: str, tmp_path: Path) -> None:
    for name in ("root/cimv2", "root/default"):
        async with connect(name, repository=tmp_path / repository) as ns:
            made = await ns.call("StdRegProv", "CreateKey", sSubKeyName=f"{PATH}\\{name}")
            found = await ns.call("StdRegProv", "EnumKey", hDefKey=MACHINE, sSubKeyName="SOFTWARE")
            assert (made.ReturnValue, found.sNames) == (0, ("Classes", "Example"))
    assert [each for each in os.listdir(tmp_path) if each.endswith("registry.db")] == [file]  # noqa: PTH208 - no Path


def test_all_methods_but_those_of_security() -> None:
    missing = [each.name for each in shipped_class("StdRegProv").methods if "Implemented" not in each.qualifiers]
    assert missing == ["SetSecurityDescriptor", "GetSecurityDescriptor"]
