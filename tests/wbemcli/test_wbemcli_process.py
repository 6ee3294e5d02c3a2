"""Calls by the header's names and the life of a process: its end, its forks. Each in an interpreter of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

SECONDS = 60

KEPT = """
    import gc, os, sys, threading
    from openwmi.base.fault import LocalProtocolError
    from openwmi.wbemcli import *

    FLAGS = WBEM_FLAG_RETURN_IMMEDIATELY | WBEM_FLAG_FORWARD_ONLY
    RINGS = "SELECT * FROM Demo_Bell"

    def say(*words):
        # A line at once: others speak, too.
        os.write(1, (" ".join(map(str, words)) + "\\n").encode())

    class Heard(IWbemObjectSink):
        def SetStatus(self, lFlags, hResult, strParam, pObjParam):
            say(f"heard 0x{hResult:08X}")

    locator = IWbemLocator(providers=[], repository=os.environ["OPENWMI_REPOSITORY"])
    hr, services = locator.ConnectServer("root/default")
    hr, event, _ = services.GetObject("__ExtrinsicEvent")
    hr, bell = event.SpawnDerivedClass()
    bell.Put("__CLASS", 0, "Demo_Bell", CIM_STRING)
    assert services.PutClass(bell)[0] == S_OK
    hr, rings = services.ExecNotificationQuery("WQL", RINGS, FLAGS)
    sink = Heard()
    assert services.ExecNotificationQueryAsync("WQL", RINGS, 0, None, sink) == S_OK
"""


def _said(program: str, tmp_path: Path, *options: str) -> list[str]:
    """Its lines, after it has ended well and complained of nothing."""
    environment = {**os.environ, "OPENWMI_REPOSITORY": str(tmp_path / "store.db")}
    command = [sys.executable, "-W", "error", *options, "-c", dedent(KEPT) + dedent(program)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout.splitlines()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_the_child_of_a_fork_connects_anew(tmp_path: Path) -> None:
    """Else it would write through the files of its parent, whose lock it does not have."""
    program = """
    hr, door = services.QueryObjectSink()
    hr, _, call = services.GetObject("Demo_Bell", WBEM_FLAG_RETURN_IMMEDIATELY, None, None, OUT)
    ring = call.GetResultObject(WBEM_INFINITE)[1].SpawnInstance()[1]
    child = os.fork()
    if child == 0:
        for old in (
            lambda: services.GetObject("Demo_Bell"),
            lambda: services.GetObject("Demo_Bell", WBEM_FLAG_RETURN_IMMEDIATELY, None, None, OUT),
            lambda: services.PutClass(bell),
            lambda: services.ExecQuery("WQL", "SELECT * FROM meta_class", FLAGS),
            lambda: services.GetObjectAsync("Demo_Bell", 0, None, sink),
            lambda: services.CancelAsyncCall(sink),
            lambda: door.Indicate(1, [ring]),
            lambda: services.QueryObjectSink()[1].Indicate(1, [ring]),
            lambda: call.wait_handle_(),
            lambda: rings.Next(WBEM_INFINITE, 1),
            lambda: rings.NextAsync(1, sink),
            lambda: rings.Skip(WBEM_INFINITE, 1),
        ):
            try:
                say("old", old())
            except LocalProtocolError as error:
                assert "forked: connect anew" in str(error)
        assert call.GetResultObject(0)[0] == S_OK, "what has ended is there to be read"
        rings.Release(), call.Release(), services.Release()
        hr, own = locator.ConnectServer("root/default")
        say(own.GetObject("Demo_Bell")[0], hex(own.CancelAsyncCall(sink)))
        sys.exit()
    assert os.waitpid(child, 0)[1] == 0
    say(services.GetObject("Demo_Bell")[0], services.CancelAsyncCall(sink))
    """
    lines = _said(program, tmp_path, "-W", "ignore::DeprecationWarning")
    assert lines[0] == "0 0x80041002"
    # The sink has a thread of its own: it may be first, and the process may end before it.
    assert sorted(lines[1:]) in (["0 0"], ["0 0", "heard 0x80041032"])


def test_the_end_of_the_interpreter_with_calls_under_way(tmp_path: Path) -> None:
    """A thread that waits for ever, a sink that hangs, an enumerator that nobody released."""
    program = """
    class Hung(IWbemObjectSink):
        def Indicate(self, lObjectCount, apObjArray):
            entered.set()
            threading.Event().wait()

    entered = threading.Event()
    hung = Hung()
    assert services.GetObjectAsync("Demo_Bell", 0, None, hung) == S_OK
    threading.Thread(target=rings.Next, args=(WBEM_INFINITE, 1), daemon=True).start()
    hr, others = services.CreateClassEnum(None, FLAGS)
    others.Next(WBEM_INFINITE, 1)
    entered.wait()
    say("the end")
    """
    assert _said(program, tmp_path) == ["the end"]
