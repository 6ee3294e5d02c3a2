"""`openwmi delete`: instances, and what would take other things with it."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.fakes import Command

MODES = ["sync", "semisync", "async"]


@pytest.mark.parametrize("mode", MODES)
def test_instances(openwmi: Command, shelves: Path, mode: str) -> None:
    assert openwmi("delete", "Demo_Shelf='a'", 'Demo_Shelf.Name="b \\"q\\""', "--mode", mode) == (0, "", "")
    assert openwmi("query", "SELECT * FROM Demo_Shelf").out == ""


def test_the_first_failure_ends_it(openwmi: Command, shelves: Path) -> None:
    printed = openwmi("delete", "Demo_Shelf='a'", "Demo_Shelf='nobody'", "Demo_Shelf='b \"q\"'")
    assert (printed.status, printed.out) == (1, "")
    assert printed.err.startswith("WBEM_E_NOT_FOUND")
    assert printed.err.count("\n") == 1
    assert "Name" in openwmi("query", "SELECT Name FROM Demo_Shelf").out


def test_a_bare_class(openwmi: Command, shelves: Path) -> None:
    assert openwmi("delete", "Demo_Deep", "Demo_Part").status == 0
    assert "Demo_Deep" not in openwmi("classes").out


def test_a_class_whose_provider_is_not_here(openwmi: Command, shelves: Path) -> None:
    text = '[Dynamic, Provider("nobody")] class Demo_Lazy { [key] uint8 N; };'
    (shelves / "lazy.mof").write_text(text, encoding="utf-8")
    openwmi("mof", "compile", "lazy.mof")
    assert openwmi("delete", "Demo_Lazy") == (0, "", "")


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("Demo_Shelf", "Demo_Deep is derived from Demo_Shelf: give --recursive"),
        ("Demo_StandsOn", "Demo_StandsOn has instances: give --recursive"),
        ("Test_Robot", "Test_Robot has instances: give --recursive"),
        ("Nowhere", "has no class Nowhere"),
    ],
)
def test_a_class_that_is_not_bare(openwmi: Command, shelves: Path, path: str, said: str) -> None:
    before = openwmi("classes").out
    printed = openwmi("delete", path)
    assert printed.status == 1
    assert said in printed.err
    assert openwmi("classes").out == before


def test_a_class_with_all_that_hangs_on_it(openwmi: Command, shelves: Path) -> None:
    assert openwmi("delete", "Demo_Shelf", "--recursive") == (0, "", "")
    classes = openwmi("classes").out
    assert "Demo_Deep" not in classes
    assert "Demo_Part" in classes


def test_classes_of_the_system_stay(openwmi: Command, shelves: Path) -> None:
    assert openwmi("delete", "__EventFilter", "--recursive").err.startswith("WBEM_E_INVALID_OPERATION")


def test_a_namespace_that_is_empty_and_one_that_is_not(openwmi: Command, shelves: Path) -> None:
    demo = ("delete", "__NAMESPACE.Name='demo'", "--namespace", "root")
    assert openwmi(*demo).err.startswith("WBEM_E_NOT_FOUND")
    for _ in range(2):
        openwmi("put", "__NAMESPACE", "Name=demo", "--namespace", "root")
        openwmi("mof", "compile", "shelves.mof", "--namespace", "root/demo")
        assert "root\\demo is not empty: give --recursive" in openwmi(*demo).err
        assert openwmi(*demo, "--recursive") == (0, "", "")
    openwmi("put", "__NAMESPACE", "Name=demo", "--namespace", "root")
    openwmi("put", "__NAMESPACE", "Name=below", "--namespace", "root/demo")
    assert "root\\demo is not empty" in openwmi(*demo).err
    assert openwmi("delete", "__NAMESPACE='below'", "--namespace", "root/demo").status == 0
    assert openwmi(*demo) == (0, "", "")


@pytest.mark.parametrize("path", ["", "Demo_Shelf.Name=", "a b"])
def test_what_is_no_path(openwmi: Command, shelves: Path, path: str) -> None:
    assert openwmi("delete", path).err.startswith("WBEM_E_INVALID_OBJECT_PATH")
