"""impacket's own program, as its users start it, and the transcript of it in README."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from tests.interop import transcript
from tests.interop.serving import Command
from tests.interop.wmiquery import PORT, reachable, wmiquery


@pytest.fixture(scope="module")
def at_135(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Command]:
    with reachable(tmp_path_factory.mktemp("reachable")) as served:
        yield served


@pytest.mark.parametrize("options", [(), ("-rpc-auth-level", "privacy"), ("-rpc-auth-level", "integrity")])
def test_it_prints_a_table(options: tuple[str, ...], at_135: Command, tmp_path: Path) -> None:
    me = psutil.Process(os.getpid())
    query = f"SELECT ProcessId, ParentProcessId, Name FROM Win32_Process WHERE ProcessId = {me.pid}"
    none = "SELECT Name FROM Win32_Process WHERE ProcessId = 0 AND Name = 'никто'"
    _, _, *printed = wmiquery(at_135, tmp_path, query, none, query, options=options)
    table = [
        f"WQL> {query}",
        "| Name | ParentProcessId | ProcessId |",
        f"| {me.name()} | {me.ppid()} | {me.pid} |",
    ]
    assert printed == [*table, f"WQL> {none}", *table]


def test_it_says_why_there_is_no_answer(at_135: Command, tmp_path: Path) -> None:
    _, _, *printed = wmiquery(at_135, tmp_path, "nonsense", options=("-namespace", "//./root/cimv2"))
    assert printed == ["WQL> nonsense", "[-] WMI Session Error: code: 0x80041017 - WBEM_E_INVALID_QUERY"]
    _, _, *printed = wmiquery(at_135, tmp_path, "nonsense", options=("-namespace", "//./root/none"))
    assert printed == ["[-] WMI Session Error: code: 0x8004100e - WBEM_E_INVALID_NAMESPACE"]
    _, _, *printed = wmiquery(at_135, tmp_path, "nonsense", password="guessed")
    assert printed == ["[-] rpc_s_access_denied"]


@pytest.mark.parametrize("version", ["5.1", "5.6", "5.7"])
def test_it_may_speak_an_older_com(version: str, at_135: Command, tmp_path: Path) -> None:
    query = "SELECT CSCreationClassName FROM Win32_OperatingSystem"
    _, _, *printed = wmiquery(at_135, tmp_path, query, options=("-com-version", version))
    assert printed[-1] == "| Win32_ComputerSystem |"


def test_it_may_find_the_server_at_another_port(served: Command, tmp_path: Path) -> None:
    """With what makes up for a fault of release 0.13.1."""
    _, _, *printed = wmiquery(served, tmp_path, "SELECT OSType FROM Win32_OperatingSystem")
    assert served.address.port != PORT
    assert printed[1:] == ["| OSType |", "| 36 |"]


def test_the_transcript_in_readme_is_what_happens() -> None:
    """`python -m tests.interop.transcript` writes it anew."""
    assert transcript.written() == transcript.transcript()
