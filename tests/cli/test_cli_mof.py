"""`openwmi mof` and `--format mof`: MOF in and out."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest
from tests.cli.fakes import SHELVES, Command, Machine, Rows

import openwmi as package
from openwmi.base.error import WbemError
from openwmi.mof import format as format_mof

MODES = ["sync", "semisync", "async"]
ALL = "SELECT * FROM Demo_Shelf"


def write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        (folder / f"{name}.mof").write_text(text, encoding="utf-8")


# ------------------------------------------------------------------------------------------------------------- compile


@pytest.mark.parametrize("mode", MODES)
def test_a_file_is_stored(openwmi: Command, shelves: Path, mode: str) -> None:
    write(shelves, new="class Demo_New { [key] uint8 N; }; instance of Demo_New { N = 1; };")
    printed = openwmi("mof", "compile", "new.mof", "--mode", mode)
    assert printed == (0, "", "new.mof: 1 class and 1 instance stored\n")
    assert openwmi("query", "SELECT * FROM Demo_New").out == '{"__CLASS": "Demo_New", "N": 1}\n'


def test_files_come_one_after_another(openwmi: Command, shelves: Path) -> None:
    write(shelves, one="class A { [key] uint8 N; };", two="class B : A {}; class C : Nowhere {};", three="class D {};")
    printed = openwmi("mof", "compile", "one.mof", "two.mof", "three.mof")
    assert (printed.status, printed.out) == (1, "")
    first, second = printed.err.splitlines()
    assert first == "one.mof: 1 class stored"
    assert second.startswith("WBEM_E_INVALID_SUPERCLASS (0x8004100D): two.mof:1:27: C: there is no class 'Nowhere'")
    classes = openwmi("classes").out
    assert ('"A"' in classes, '"B"' in classes, '"D"' in classes) == (True, False, False)


def test_a_file_that_is_missing_keeps_all_from_being_stored(openwmi: Command, shelves: Path) -> None:
    write(shelves, one="class A {};")
    printed = openwmi("mof", "compile", "one.mof", "missing.mof")
    assert printed == (
        1,
        "",
        "WBEMMOF_E_INVALID_FILE (0x8004401E): missing.mof cannot be read: No such file or directory\n",
    )
    assert '"A"' not in openwmi("classes").out


def test_standard_input_and_a_namespace(openwmi: Command, shelves: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    openwmi("put", "__NAMESPACE", "Name=demo", "--namespace", "root")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"class A {};")))
    assert openwmi("mof", "compile", "-", "--namespace", "root/demo").err == "-: 1 class stored\n"
    assert '"A"' in openwmi("classes", "--namespace", "root/demo").out


def test_standard_input_has_the_encodings_of_files(
    openwmi: Command, shelves: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for encoding in ("utf-16", "utf-8-sig"):
        octets = io.BytesIO("class Été {};".encode(encoding))
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(octets))
        assert openwmi("mof", "compile", "-") == (0, "", "-: 1 class stored\n")
    assert "Été" in openwmi("classes").out


@pytest.mark.parametrize(
    ("octets", "said"),
    [
        (b"class \xff", "WBEMMOF_E_INVALID_FILE (0x8004401E): standard input is no text in UTF-8 or UTF-16"),
        (b"class A {};" * 3, "WBEM_E_QUOTA_VIOLATION (0x8004106C): standard input cannot be read"),
    ],
)
def test_standard_input_that_cannot_be_compiled(
    openwmi: Command, shelves: Path, monkeypatch: pytest.MonkeyPatch, octets: bytes, said: str
) -> None:
    monkeypatch.setattr("openwmi.cli.mof.MOF_TEXT_OCTETS", 32)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(octets)))
    printed = openwmi("mof", "compile", "-")
    assert (printed.status, printed.out, printed.err.count("\n")) == (1, "", 1)
    assert printed.err.startswith(said)


def test_standard_input_that_is_closed(openwmi: Command, shelves: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    printed = openwmi("mof", "check", "-")
    assert printed.status == 2
    assert "standard input is closed" in printed.err


@pytest.mark.parametrize("command", ["compile", "check"])
def test_a_device_is_no_file(openwmi: Command, shelves: Path, command: str) -> None:
    if not Path("/dev/zero").exists():
        pytest.skip("this system has no /dev/zero")
    said = "WBEMMOF_E_INVALID_FILE (0x8004401E): /dev/zero is no regular file\n"
    assert openwmi("mof", command, "/dev/zero").err.endswith(said.partition(": ")[2])
    (shelves / "b.mof").write_text('#pragma include("/dev/zero")', encoding="utf-8")
    printed = openwmi("mof", command, "b.mof")
    assert (printed.status, printed.err.count("\n")) == (1, 1)
    assert "/dev/zero is no regular file" in printed.err


@pytest.mark.parametrize(
    ("flags", "status"),
    [
        (("--class-flags", "create-only"), "WBEM_E_ALREADY_EXISTS"),
        (("--instance-flags", "create-only"), "WBEM_E_ALREADY_EXISTS"),
        (("--class-flags", "update-only", "--class-flags", "safe", "--instance-flags", "update-only"), None),
        (("--class-flags", "force"), None),
    ],
)
def test_flags(openwmi: Command, shelves: Path, flags: tuple[str, ...], status: str | None) -> None:
    for verb in ("check", "compile"):
        printed = openwmi("mof", verb, "shelves.mof", *flags)
        assert printed.status == (0 if status is None else 1)
    assert printed.err.startswith(status or "shelves.mof: 5 classes and 3 instances stored")


@pytest.mark.parametrize("words", [("safe", "force"), ("create-only", "update-only")])
def test_flags_that_exclude_each_other(openwmi: Command, shelves: Path, words: tuple[str, str]) -> None:
    printed = openwmi("mof", "compile", "shelves.mof", "--class-flags", words[0], "--class-flags", words[1])
    assert printed.status == 2
    assert f"{words[0]} and {words[1]} exclude each other" in printed.err


# --------------------------------------------------------------------------------------------------------------- check


@pytest.mark.parametrize("mode", MODES)
def test_check_says_all_and_stores_nothing(openwmi: Command, shelves: Path, mode: str) -> None:
    write(
        shelves,
        base="class A { [key] uint8 N; };",
        below="class B : A {};\ninstance of B { N = 1; };",
        syntax="class C\n{ uint8 N }",
        key="\n  instance of A {};",
    )
    before = openwmi("classes").out
    files = ["base.mof", "missing.mof", "syntax.mof", "below.mof", "key.mof"]
    printed = openwmi("mof", "check", *files, "--mode", mode)
    assert (printed.status, printed.out) == (1, "")
    places = [line.split(": ")[0] for line in printed.err.splitlines()]
    assert places == ["missing.mof cannot be read", "syntax.mof:2:11", "key.mof:2:3"]
    assert openwmi("classes").out == before


def test_check_of_what_is_sound_is_quiet(openwmi: Command, shelves: Path) -> None:
    assert openwmi("mof", "check", "shelves.mof") == (0, "", "")


def test_check_makes_no_file(openwmi: Command, machine: Machine, tmp_path: Path) -> None:
    machine.repository = tmp_path / "new.db"
    write(tmp_path, shelves=SHELVES)
    assert openwmi("mof", "check", str(tmp_path / "shelves.mof")).status == 0
    assert [each.name for each in tmp_path.iterdir()] == ["shelves.mof"]


# -------------------------------------------------------------------------------------------------------------- export


@pytest.mark.parametrize("mode", MODES)
def test_what_is_exported_compiles_to_the_same(openwmi: Command, shelves: Path, mode: str) -> None:
    openwmi("put", "__NAMESPACE", "Name=demo", "--namespace", "root")
    openwmi("mof", "compile", "shelves.mof", "--namespace", "root/demo")
    whole = ("mof", "export", "--namespace", "root/demo", "--instances")
    first = openwmi(*whole, "--mode", mode)
    assert (first.status, first.err) == (0, "")
    assert "__" not in first.out
    (shelves / "saved.mof").write_text(first.out, encoding="utf-8")
    openwmi("delete", "__NAMESPACE='demo'", "--recursive", "--namespace", "root")
    openwmi("put", "__NAMESPACE", "Name=demo", "--namespace", "root")
    assert openwmi("mof", "compile", "saved.mof").err == "saved.mof: 5 classes and 3 instances stored\n"
    assert openwmi(*whole).out == first.out
    assert "instance of" not in openwmi(*whole[:-1]).out.replace("instance of Demo_Part", "")


def test_some_classes_with_what_they_need(openwmi: Command, shelves: Path) -> None:
    out = openwmi("mof", "export", "demo_deep").out
    assert ("class Demo_Shelf" in out, "class Demo_Deep : Demo_Shelf" in out, "Demo_Clock" in out) == (
        True,
        True,
        False,
    )
    assert "class Demo_Part" not in out
    assert "class Demo_Part" in openwmi("mof", "export", "Demo_Shelf", "--instances").out


def test_instances_of_providers_are_not_stored(openwmi: Command, shelves: Path) -> None:
    write(shelves, lazy='[Dynamic, Provider("nobody")] class Demo_Lazy { [key] uint8 N; };')
    openwmi("mof", "compile", "lazy.mof")
    printed = openwmi("mof", "export", "Demo_Lazy", "Test_Thing", "--instances")
    assert (printed.status, printed.err) == (0, "")
    assert "instance of" not in printed.out


def test_export_to_a_file(openwmi: Command, shelves: Path) -> None:
    assert openwmi("mof", "export", "Demo_Shelf", "--instances", "-o", "saved.mof") == (0, "", "")
    assert 'Owner = "中";' in (shelves / "saved.mof").read_text(encoding="utf-8")
    printed = openwmi("mof", "export", "-o", "nowhere/saved.mof")
    assert (printed.status, printed.out) == (1, "")
    assert "nowhere/saved.mof cannot be written: No such file or directory" in printed.err


def test_export_where_not_all_can_be_shown(
    openwmi: Command, shelves: Path, monkeypatch: pytest.MonkeyPatch, machine: Machine
) -> None:
    openwmi("put", "Demo_Shelf", "Name=\N{GRINNING FACE}\u202e")
    octets = io.BytesIO()
    with monkeypatch.context() as patch:
        out = io.TextIOWrapper(octets, encoding="ascii", write_through=True)
        patch.setattr(sys, "stdout", out)
        openwmi("mof", "export", "Demo_Shelf", "--instances")
    assert rb'Name = "\xD83D\xDE00\x202E";' in octets.getvalue()
    (shelves / "saved.mof").write_bytes(octets.getvalue())
    before = openwmi("query", ALL).out
    assert openwmi("mof", "compile", "saved.mof", "--instance-flags", "update-only").status == 0
    assert openwmi("query", ALL).out == before


@pytest.mark.parametrize(("name", "status"), [("Nowhere", "WBEM_E_NOT_FOUND"), ("__Event", "WBEM_E_INVALID_CLASS")])
def test_classes_that_cannot_be_exported(openwmi: Command, shelves: Path, name: str, status: str) -> None:
    printed = openwmi("mof", "export", name)
    assert (printed.status, printed.out) == (1, "")
    assert printed.err.startswith(status)


# ---------------------------------------------------------------------------------------------------------- as a format


def test_rows_as_mof(openwmi: Command, machine: Machine) -> None:
    machine.providers = (Rows(lambda: iter([{"Name": "a\x1b\u202e\n", "Age": 3}, {"Name": "é"}])),)
    printed = openwmi("query", "SELECT * FROM Test_Robot", "--format", "mof")
    assert printed.out == (
        'instance of Test_Robot\n{\n  Name = "a\\x001B\\x202E\\n";\n  Age = 3;\n};\n\n'
        'instance of Test_Robot\n{\n  Name = "é";\n};\n'
    )


@pytest.mark.parametrize("command", [("get", "Test_Loner"), ("describe", "Test_Loner")])
def test_a_class_as_mof(openwmi: Command, command: tuple[str, ...]) -> None:
    printed = openwmi(*command, "--format", "mof")
    assert printed == (0, "[Singleton : NotToSubclass EnableOverride]\nclass Test_Loner\n{\n  string Name;\n};\n", "")
    assert "class Test_Part" in openwmi("classes", "--format", "mof").out


async def test_to_mof(shelves: Path) -> None:
    async with package.connect() as ns:
        class_ = await ns.get("Win32_Process")
        assert package.to_mof(class_) == format_mof(class_)
        assert package.to_mof([class_, class_]).count("class Win32_Process :") == 2
        with pytest.raises(WbemError, match="cannot stand alone"):
            package.to_mof([class_.qualifiers["Dynamic"]])
