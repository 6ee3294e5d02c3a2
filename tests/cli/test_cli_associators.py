"""`openwmi associators`: ASSOCIATORS OF and REFERENCES OF by options."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.fakes import Command

A = 'Demo_Shelf.Name="a"'
MODES = ["sync", "semisync", "async"]


@pytest.mark.parametrize("mode", MODES)
def test_what_is_linked(openwmi: Command, shelves: Path, mode: str) -> None:
    printed = openwmi("associators", A, "--mode", mode)
    assert (printed.status, printed.err) == (0, "")
    assert json.loads(printed.out)["Name"] == 'b "q"'


@pytest.mark.parametrize(
    ("options", "found"),
    [
        (("--assoc-class", "Demo_StandsOn", "--result-class", "Demo_Shelf"), True),
        (("--role", "Lower", "--result-role", "Upper"), True),
        (("--role", "Upper"), False),
        (("--result-class", "Demo_Deep"), False),
        (("--required-assoc-qualifier", "Association"), True),
        (("--required-qualifier", "Abstract"), False),
    ],
)
def test_conditions(openwmi: Command, shelves: Path, options: tuple[str, ...], found: bool) -> None:
    printed = openwmi("associators", A, *options)
    assert (printed.status, printed.err) == (0, "")
    assert bool(printed.out) == found


def test_references(openwmi: Command, shelves: Path) -> None:
    printed = openwmi("associators", A, "--references", "--role", "Lower", "--result-class", "Demo_StandsOn")
    assert json.loads(printed.out)["Lower"] == 'Demo_Shelf.Name="a"'
    assert openwmi("associators", A, "--references", "--role", "Upper").out == ""


def test_classes_and_keys(openwmi: Command, shelves: Path) -> None:
    classes = [
        openwmi("associators", A, "--class-defs-only"),
        openwmi("associators", "Demo_Shelf", "--schema-only"),
    ]
    assert [json.loads(printed.out)["Class"] for printed in classes] == ["Demo_Shelf", "Demo_Shelf"]
    assert 'Name = "b' in openwmi("associators", A, "--keys-only", "--format", "mof").out


@pytest.mark.parametrize("option", ["--assoc-class", "--result-role", "--required-assoc-qualifier"])
def test_what_references_do_not_have(openwmi: Command, shelves: Path, option: str) -> None:
    printed = openwmi("associators", A, "--references", option, "X")
    assert (printed.status, printed.out) == (2, "")
    assert f"{option} is nothing that --references has" in printed.err


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (("Nowhere='x'",), "WBEM_E_NOT_FOUND"),
        (("Demo_Shelf='nobody'",), "WBEM_E_NOT_FOUND"),
        ((A, "--assoc-class", "Nowhere"), "WBEM_E_INVALID_CLASS"),
        ((A, "--role", "a b"), "WBEM_E_INVALID_PARAMETER"),
        ((A, "--schema-only"), "WBEM_E_"),
    ],
)
def test_associators_that_fail(openwmi: Command, shelves: Path, arguments: tuple[str, ...], status: str) -> None:
    printed = openwmi("associators", *arguments)
    assert (printed.status, printed.out) == (1, "")
    assert printed.err.startswith(status)
    assert printed.err.count("\n") == 1
