"""What docs/calling-devices.md says of devices is what happens: its program runs, its names are there."""

from __future__ import annotations

import re
import threading
from pathlib import Path
from typing import Any

from tests.wsdclient.world import ECHO, ID, US, World

from openwmi.operation import Operation
from openwmi.wsd import Endpoint
from openwmi.wsdclient import IWSDAsyncResult, IWSDEndpointProxy

PAGE = (Path(__file__).parents[2] / "docs" / "calling-devices.md").read_text(encoding="utf-8")


def test_its_program_runs() -> None:
    (program,) = re.findall(r"^```python\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    world = World()
    world.host.RegisterService(ID, world.files)
    names: dict[str, Any] = {
        "address": world.start(),
        "us": US,
        "service_id": ID,
        "body": "hello",
        "OPERATION": ECHO,
        "answers": {},
        "called": threading.Event(),
    }
    try:
        exec(compile(program, "calling-devices.md", "exec"), names)  # noqa: S102 - it is our own page
    finally:
        world.close()
    assert names["answer"] == "hello"
    assert names["context"].results == "hello"
    assert names["answers"] == {"state": "hello"}


def test_the_names_in_its_table_are_there() -> None:
    table = "".join(line for line in PAGE.splitlines() if line.startswith("| "))
    for name in re.findall(r"`op\.(\w+)", table):
        assert hasattr(Operation, name)
    for name in re.findall(r"`endpoint\.(\w+)", table):
        assert hasattr(Endpoint, name)
    for name in ("SendTwoWayRequest", "HasCompleted", "SetWaitHandle", "SetCallback", "Abort"):
        assert name in table
        assert hasattr(IWSDEndpointProxy, name) or hasattr(IWSDAsyncResult, name)
