"""What docs/from-wsdapi.md says of each interface and function of WSDAPI is so."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

from openwmi import wsd, wsdclient

PAGE = (Path(__file__).parents[2] / "docs" / "from-wsdapi.md").read_text(encoding="utf-8")
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if line.startswith("| ")]
INTERFACES = {row[0]: row[1:] for row in ROWS if row[0].startswith("IWSD")}
FUNCTIONS = {name: row[1] for row in ROWS if row[0].startswith("WSD") for name in row[0].split(", ")}
NOT_HERE = "E_NOTIMPL"


def unfinished(interface: type) -> set[str]:
    """Its own methods of which the text says that they return E_NOTIMPL; or all, if that of the interface does."""
    methods = {name: each for name, each in vars(interface).items() if not name.startswith("_") and callable(each)}
    whole = NOT_HERE in (interface.__doc__ or "")
    return {name for name, each in methods.items() if whole or NOT_HERE in (each.__doc__ or "")}


def test_each_interface_of_the_headers_is_told() -> None:
    assert len(INTERFACES) == 31
    there = {name for name in INTERFACES if not INTERFACES[name][0].startswith("not here")}
    assert there == {name for name in dir(wsdclient) if name.startswith("IWSD")}


def test_its_state_is_that_of_the_code() -> None:
    for name, (state, _) in INTERFACES.items():
        if state.startswith("not here"):
            continue
        interface = getattr(wsdclient, name)
        missing = set().union(*(unfinished(each) for each in interface.mro() if each.__name__.startswith("IWSD")))
        assert missing == set(re.findall(r"`(\w+)`", state)), name
        assert state.startswith("whole") == (not missing), name


def test_each_function_is_told() -> None:
    there = {name for name, state in FUNCTIONS.items() if not state.startswith("not here")}
    assert there == {
        name for name, each in vars(wsdclient).items() if name.startswith("WSD") and inspect.isfunction(each)
    }
    assert not [name for name in FUNCTIONS if name not in there and hasattr(wsdclient, name)]
    for name in there:
        assert (NOT_HERE in FUNCTIONS[name]) == (NOT_HERE in (getattr(wsdclient, name).__doc__ or "")), name


def test_its_names_of_the_other_package_are_there() -> None:
    for _, instead in INTERFACES.values():
        for name in re.findall(r"`(\w+)", instead):
            assert (
                hasattr(wsd, name)
                or name in {"Operation", "await", "status", "wait_handle", "cancel"}
                or (name == "add_done_callback")
            ), name
