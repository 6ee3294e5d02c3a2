"""`openwmi wsd`: rows of devices, whatever is asked wrongly, and this computer on the loopback."""

from __future__ import annotations

import asyncio
import builtins
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.cli.fakes import Command

import openwmi.wsd
from openwmi.base.error import Unreachable, WbemError
from openwmi.base.status import HResult, WbemStatus
from openwmi.cli.devices import format_type, metadata_record, parse_type
from openwmi.net.datagram import Endpoint
from openwmi.operation import Operation, ResultSet
from openwmi.soap import (
    DPWS_2006,
    DPWS_2009,
    EndpointReference,
    Metadata,
    QName,
    Relationship,
    Service,
    ThisDevice,
    ThisModel,
    localized,
)
from openwmi.soap.namespaces import PUB
from openwmi.wsd import COMPUTER, Computer, Device, Found, Gone

URN = "urn:uuid:00000000-0000-0000-0000-000000000007"
BOX = Device(
    URN,
    (DPWS_2006.device_type, COMPUTER),
    ("urn:a",),
    ("http://192.0.2.7:5357/",),
    3,
    DPWS_2006,
    Endpoint("192.0.2.7", 1),
    "eth0",
)
PUMP = Device("urn:uuid:8", (DPWS_2009.device_type,), (), (), 1, DPWS_2009, Endpoint("fe80::8", 1), "eth0")
BOX_ROW = {
    "Address": URN,
    "Types": ["wsdp:Device", "pub:Computer"],
    "XAddrs": ["http://192.0.2.7:5357/"],
    "Scopes": ["urn:a"],
    "MetadataVersion": 3,
    "Profile": "DPWS 2006/02",
    "Source": "192.0.2.7",
    "Interface": "eth0",
}


class Network:
    """Stands for the room: what was asked, and what comes of it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []
        self.rows: list[Any] = []
        self.failure: BaseException | None = None
        for name in ("find", "resolve", "metadata", "metadata_at", "watch"):
            monkeypatch.setattr(openwmi.wsd, name, self._stand_in(name, single=name not in {"find", "watch"}))

    def _stand_in(self, name: str, *, single: bool) -> Any:
        def called(*arguments: Any, **options: Any) -> Operation[Any]:
            self.asked.append((name, arguments, options))

            async def work(results: ResultSet[Any]) -> Any:
                results.begin()
                if single and self.rows:
                    return self.rows.pop(0)
                await results.put(self.rows)
                if self.failure is not None:
                    raise self.failure
                return None

            return Operation.start(work, name, single=single)

        return called


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> Network:
    return Network(monkeypatch)


def rows(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_find(openwmi: Command, network: Network) -> None:
    network.rows = [BOX, PUMP]
    status, out, err = openwmi(
        "wsd",
        "find",
        "--type",
        "pub:Computer",
        "--type",
        "{urn:x}y",
        "--scope",
        "urn:a",
        "--interface",
        "eth0",
        "--timeout",
        "3",
    )
    assert (status, err) == (0, "")
    found = rows(out)
    assert found[0] == BOX_ROW
    assert found[1]["Types"] == ["{http://docs.oasis-open.org/ws-dd/ns/dpws/2009/01}Device"]
    ((_, arguments, options),) = network.asked
    assert arguments == ([COMPUTER, QName("urn:x", "y")], ("urn:a",))
    assert options == {"timeout": 3.0, "interfaces": ("eth0",)}


@pytest.mark.parametrize("format_", ["table", "list", "json", "jsonl", "csv"])
def test_formats(openwmi: Command, network: Network, format_: str) -> None:
    network.rows = [BOX]
    printed = openwmi("wsd", "find", "--format", format_)
    assert printed.status == 0
    assert URN in printed.out
    assert "pub:Computer" in printed.out


def test_nobody_answers(openwmi: Command, network: Network) -> None:
    assert openwmi("wsd", "find") == (0, "", "")


def test_resolve_and_metadata(openwmi: Command, network: Network) -> None:
    network.rows = [BOX]
    assert rows(openwmi("wsd", "resolve", URN).out) == [BOX_ROW]
    network.rows = [BOX, Computer("box").metadata(URN)]
    (said,) = rows(openwmi("wsd", "metadata", URN, "--interface", "eth0").out)
    assert (said["Address"], said["Computer"], said["FriendlyName"]) == (URN, "BOX/Workgroup:WORKGROUP", "box")
    network.rows = [Computer("box").metadata(URN)]
    assert rows(openwmi("wsd", "metadata", "HTTP://192.0.2.7/", "--timeout", "2").out) == [said]
    assert [name for name, *_ in network.asked] == ["resolve", "resolve", "metadata", "metadata_at"]
    assert network.asked[-1][1:] == (("HTTP://192.0.2.7/",), {"timeout": 2.0})


def test_watch(openwmi: Command, network: Network) -> None:
    network.rows = [Found(BOX), Gone(BOX)]
    found = rows(openwmi("wsd", "watch").out)
    assert found == [{"Event": "Found", **BOX_ROW}, {"Event": "Gone", **BOX_ROW}]


def test_what_came_before_a_failure_is_shown(openwmi: Command, network: Network) -> None:
    network.rows, network.failure = [BOX], WbemError(WbemStatus.FAILED, "no more sockets")
    status, out, err = openwmi("wsd", "find", "--format", "json")
    assert (status, json.loads(out)) == (1, [BOX_ROW])
    assert err.startswith("WBEM_E_FAILED")
    network.rows, network.failure = [], Unreachable(HResult.RPC_S_SERVER_UNAVAILABLE, "nobody there")
    assert openwmi("wsd", "watch").status == 3


@pytest.mark.parametrize(
    "arguments",
    [
        ("find", "--type", "nope:Thing"),
        ("find", "--type", "{urn:x}a b"),
        ("find", "--type", "pub:"),
        ("find", "--timeout", "0"),
        ("find", "--timeout", "nan"),
        ("find", "--format", "mof"),
        ("watch", "--format", "mof"),
        ("resolve",),
        ("host", "computer", "--listen", "nowhere:port"),
        ("host", "computer", "--workgroup", "a/b"),
        ("host", "computer", "--name", "a b\nc"),
        ("host", "toaster"),
    ],
)
def test_wrong_usage(openwmi: Command, network: Network, arguments: tuple[str, ...]) -> None:
    status, out, err = openwmi("wsd", *arguments)
    assert (status, out) == (2, "")
    assert "Error: " in err
    assert network.asked == []


@pytest.mark.parametrize("missing", ["lxml", "h11"])
def test_without_the_extra(openwmi: Command, monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    """The rest of the commands does not need it."""
    real = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name == "openwmi.wsd":
            raise ModuleNotFoundError(f"No module named {missing!r}", name=missing)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    status, out, err = openwmi("wsd", "find")
    assert (status, out) == (1, "")
    assert f"{missing} is not here: pip install 'openwmi[wsd]'" in err
    assert err.count("\n") == 1


def test_a_fault_of_ours_is_not_hidden(openwmi: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name == "openwmi.wsd":
            raise ImportError("cannot import name 'x'", name="openwmi.wsd.x")
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ImportError):
        openwmi("wsd", "find")


def test_the_help_needs_no_extra() -> None:
    program = "import sys; from openwmi.cli import main; main(['wsd', '--help']); print('lxml' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.endswith("False\n")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("wsdp:Device", DPWS_2006.device_type),
        ("pub:Computer", QName(PUB, "Computer")),
        (str(DPWS_2009.device_type), DPWS_2009.device_type),
        ("{urn:x}y", QName("urn:x", "y")),
        ("alone", QName("", "alone")),
    ],
)
def test_types(text: str, name: QName) -> None:
    assert parse_type(text) == name
    assert format_type(name) == text


def test_what_a_device_does_not_say_is_null() -> None:
    assert set(metadata_record(Metadata()).values.values()) == {None, ()}
    service = Service((EndpointReference("http://a/"), EndpointReference("http://b/")), (COMPUTER, COMPUTER), "urn:s")
    said = metadata_record(
        Metadata(
            ThisModel(localized("Acme"), localized("")), ThisDevice(localized("x")), (Relationship(None, (service,)),)
        )
    ).values
    assert (said["Manufacturer"], said["ModelName"], said["FriendlyName"]) == ("Acme", None, "x")
    assert (said["Services"], said["ServiceAddresses"]) == (("urn:s",), ("http://a/ http://b/",))
    assert said["ServiceTypes"] == ("pub:Computer pub:Computer",)


# ---------------------------------------------------------------------------------------- this computer on the loopback


@contextmanager
def hosting(state: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A running `host computer`, and the first line of its standard output."""
    command = [sys.executable, "-m", "openwmi", "wsd", "host", "computer", *arguments]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"STATE_DIRECTORY": str(state)},
    ) as process:
        try:
            assert process.stdout is not None
            yield process, process.stdout.readline()
        finally:
            if process.poll() is None:
                process.kill()


def test_this_computer(openwmi: Command, tmp_path: Path) -> None:
    with hosting(tmp_path, "--listen", "127.0.0.1:0", "--name", "box", "--workgroup", "home") as (process, line):
        port = re.fullmatch(r"127\.0\.0\.1:(\d+)\n", line)
        assert port is not None
        assert process.stderr is not None
        said = process.stderr.readline()
        assert said.startswith("this computer can be found as BOX/Workgroup:HOME, urn:uuid:")
        urn = said.split()[-1]
        (found,) = rows(openwmi("wsd", "resolve", urn, "--interface", "lo", "--timeout", "5").out)
        assert found["XAddrs"] == [f"http://127.0.0.1:{port[1]}/{urn.removeprefix('urn:uuid:')}"]
        (read,) = rows(openwmi("wsd", "metadata", found["XAddrs"][0]).out)
        assert (read["Address"], read["Computer"]) == (urn, "BOX/Workgroup:HOME")
        process.send_signal(signal.SIGTERM)
        assert process.communicate(timeout=30) == ("", "")
        assert process.returncode == 0
    assert json.loads((tmp_path / "wsd-computer.json").read_text())["uuid"] in urn


def test_a_computer_that_is_killed_is_the_same_afterwards(tmp_path: Path) -> None:
    starts = []
    for _ in range(3):
        with hosting(tmp_path, "--listen", "127.0.0.1:0") as (process, line):
            assert line.startswith("127.0.0.1:")
            starts.append(json.loads((tmp_path / "wsd-computer.json").read_text()))
            with hosting(tmp_path, "--listen", "127.0.0.1:0") as (second, nothing):
                assert nothing == ""
                assert second.stderr is not None
                assert "another process is the computer of this machine" in second.stderr.read()
                assert second.wait(timeout=30) == 1
            process.kill()
    assert len({each["uuid"] for each in starts}) == 1
    assert starts[0]["instance"] < starts[1]["instance"] < starts[2]["instance"]


def test_a_port_in_use(openwmi: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def listen() -> Any:
        server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
        return server, server.sockets[0].getsockname()[1]

    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    loop = asyncio.new_event_loop()
    server, port = loop.run_until_complete(listen())
    status, out, err = openwmi("wsd", "host", "computer", "--listen", f"127.0.0.1:{port}")
    server.close()
    loop.close()
    assert (status, out) == (1, "")
    assert f"127.0.0.1:{port} is in use" in err
