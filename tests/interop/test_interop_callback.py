"""A sink of a client on another machine is called back: the way of [MS-DCOM] 3.2.4.1.2, with the port 135 it needs.

Two network namespaces stand for the two machines; each end is a process of its own.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, NamedTuple

import pytest
from tests.interop import serving

ENDS = Path(__file__).parent / "callback"


class Machines(NamedTuple):
    """Names of two namespaces, and the addresses by which they see each other."""

    client: str
    client_address: str
    server: str
    server_address: str


@pytest.fixture
def machines() -> Iterator[Machines]:
    if os.geteuid() or shutil.which("ip") is None:
        pytest.skip("network namespaces need root, and ip of iproute2")
    tag = f"wmi{os.getpid()}"
    made = Machines(f"{tag}c", "10.77.0.1", f"{tag}s", "10.77.0.2")
    try:
        for name in (made.client, made.server):
            _ip("netns", "add", name)
            _ip("-n", name, "link", "set", "lo", "up")
        _ip("link", "add", "wmi0", "netns", made.client, "type", "veth", "peer", "name", "wmi0", "netns", made.server)
        for name, address in ((made.client, made.client_address), (made.server, made.server_address)):
            _ip("-n", name, "address", "add", f"{address}/24", "dev", "wmi0")
            _ip("-n", name, "link", "set", "wmi0", "up")
        yield made
    finally:
        for name in (made.client, made.server):
            subprocess.run(["ip", "netns", "delete", name], check=False, capture_output=True)


def test_a_sink_on_another_machine_is_called_through_its_resolver(machines: Machines) -> None:
    with _start(machines.client, "listener.py", machines.client_address) as listener:
        assert listener.stdout is not None
        reference = listener.stdout.readline().strip()
        (done,) = _run(machines.server, "caller.py", reference, "10")
        heard = [json.loads(line) for line in listener.stdout]
    assert listener.returncode == 0
    # The resolver's bindings carry no port, the exporter's do.
    assert [address.partition("[")[0] for address in done["bindings"]] == [machines.client_address]
    assert done["bindings"][0].endswith("]")
    assert heard == [
        {"from": machines.server_address, "indicate": ["bulb", "Лампа"]},
        {"from": machines.server_address, "status": 0x80041032, "text": "cancelled"},
    ]


@pytest.mark.parametrize("cut", ["nobody listens", "a firewall drops everything"])
def test_a_sink_that_cannot_be_reached_is_given_up_in_time(machines: Machines, cut: str) -> None:
    with _start(machines.client, "listener.py", machines.client_address) as listener:
        assert listener.stdout is not None
        reference = listener.stdout.readline().strip()
        listener.kill()
    if cut == "a firewall drops everything":
        # What a packet filter does, without one: the address answers nobody.
        _ip("-n", machines.client, "link", "set", "wmi0", "arp", "off")
        _ip("-n", machines.server, "neighbour", "replace", machines.client_address,
            "lladdr", "02:00:00:00:00:01", "dev", "wmi0")  # fmt: skip
    (done,) = _run(machines.server, "caller.py", reference, "1.5")
    assert machines.client_address in done["unreachable"]
    assert done["seconds"] < 5


@pytest.mark.parametrize("most", [10_000, 1])
def test_an_asynchronous_query_of_another_machine(most: int, machines: Machines, tmp_path: Path) -> None:
    """`openwmi serve` on one machine, the sink of its client on the other."""
    serving.run("users", "add", str(tmp_path / "users"), serving.USER, password=serving.PASSWORD)
    options = [
        "--listen",
        f"{machines.server_address}:135",
        "--users",
        str(tmp_path / "users"),
        "--anonymous-callbacks",
    ]
    with (
        (tmp_path / "log").open("w") as log,
        _start(machines.server, "-m", "openwmi", "serve", *options, stderr=log) as server,
    ):
        assert server.stdout is not None
        assert server.stdout.readline().strip() == options[1]
        heard = _run(
            machines.client,
            "asker.py",
            machines.client_address,
            machines.server_address,
            serving.USER,
            serving.PASSWORD,
            "SELECT * FROM meta_class",
            str(most),
        )
        server.terminate()
    assert (server.wait(20), "Traceback" in (tmp_path / "log").read_text()) == (0, False)
    returned, *indicated, final = [each for each in heard if "cancelled" not in each]
    assert returned == {"returned": 0}
    assert final["status"] in ({0} if most > 1 else {0, 0x80041032})
    assert {each["sender"] for each in indicated} == {machines.server_address}
    assert [each["packed"] for each in indicated] == [False] + [True] * (len(indicated) - 1)
    if most > 1:
        names = [name for each in indicated for name in each["names"]]
        assert len(names) == len(set(names)) > 100


def _start(namespace: str, script: str, *arguments: str, stderr: IO[str] | None = None) -> subprocess.Popen[str]:
    program = script if script == "-m" else str(ENDS / script)
    command = ["ip", "netns", "exec", namespace, sys.executable, program, *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stderr, text=True)


def _run(namespace: str, script: str, *arguments: str) -> list[Any]:
    command = ["ip", "netns", "exec", namespace, sys.executable, str(ENDS / script), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)
