"""Other people's programs find our computer, and ours finds what they publish; nobody shares a line of code."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from tests.interop.link import OPENWMI, PEERS, Machine, cable
from tests.interop.peer import python_with

COMPUTER = "{http://schemas.microsoft.com/windows/pub/2005/07}Computer"
HOST = (*OPENWMI, "wsd", "host", "computer", "--name", "ours", "--workgroup", "home")
FOUND_AS = "this computer can be found as OURS/Workgroup:HOME"
VERSIONS = pytest.mark.parametrize("version", [4, 6])


@pytest.fixture
def machines() -> Iterator[tuple[Machine, Machine]]:
    with cable() as both:
        yield both


@cache
def wsdd() -> tuple[str, ...]:
    """The command of wsdd, whose file may be named; the test is skipped where there is none."""
    named = os.environ.get("OPENWMI_WSDD") or shutil.which("wsdd")
    if not named or not Path(named).is_file():
        pytest.skip("wsdd is not installed, and OPENWMI_WSDD does not name it")
    return (sys.executable, named, "-v")


def peer(package: str, *arguments: str) -> tuple[str, ...]:
    return (python_with(package), "-u", str(PEERS / f"wsd_{package}.py"), *arguments)


def asked(machine: Machine, *arguments: str) -> list[dict[str, Any]]:
    """The rows of a command of ours."""
    return [json.loads(line) for line in machine.run(*OPENWMI, "wsd", *arguments).splitlines()]


# ------------------------------------------------------------------------------------------------------------- wsdd


@VERSIONS
async def test_wsdd_finds_our_computer(machines: tuple[Machine, Machine], tmp_path: Path, version: int) -> None:
    """It probes, resolves, reads the metadata, and hears that the computer goes."""
    here, there = machines
    client = (*wsdd(), f"-{version}", "-i", there.interface, "-o", "-D")
    async with there.running(*client) as finding:
        await finding.until("joined multicast group")
        async with here.running(*HOST, state=tmp_path) as host:
            await host.until(FOUND_AS)
            line = await finding.until("discovered OURS in Workgroup:HOME on")
            assert (here.address if version == 4 else "[fe80:") in line
        await finding.until('"Bye ')


@VERSIONS
async def test_our_client_finds_wsdd(machines: tuple[Machine, Machine], version: int) -> None:
    """Which says where it listens only when it is asked (Resolve)."""
    here, there = machines
    host = (*wsdd(), f"-{version}", "-i", here.interface, "-n", "theirs", "-w", "office")
    async with here.running(*host) as publishing:
        await publishing.until("joined multicast group")
        (found,) = asked(there, "find", "--type", "pub:Computer", "--timeout", "3")
        assert found["Types"] == ["wsdp:Device", "pub:Computer"]
        assert (found["XAddrs"], found["Interface"]) == ([], there.interface)
        (resolved,) = asked(there, "resolve", found["Address"])
        assert resolved["XAddrs"][0].startswith(f"http://{here.address}:5357/" if version == 4 else "http://[fe80:")
        (said,) = asked(there, "metadata", found["Address"])
        assert (said["Computer"], said["Manufacturer"]) == ("THEIRS/Workgroup:OFFICE", "wsdd")
        if version == 4:
            assert asked(there, "metadata", resolved["XAddrs"][0]) == [said]


async def test_the_port_is_shared_with_wsdd(machines: tuple[Machine, Machine], tmp_path: Path) -> None:
    """Both are found, on one machine."""
    here, there = machines
    async with here.running(*wsdd(), "-i", here.interface, "-n", "theirs") as publishing:
        await publishing.until("joined multicast group")
        async with here.running(*HOST, "--listen", "*:0", state=tmp_path) as host:
            await host.until(FOUND_AS)
            found = asked(there, "find", "--type", "wsdp:Device", "--timeout", "4")
            names = [asked(there, "metadata", each["Address"])[0]["Computer"] for each in found]
            assert sorted(names) == ["OURS/Workgroup:HOME", "THEIRS/Workgroup:WORKGROUP"]


# ------------------------------------------------------------------------------------------------------ WSDiscovery


@pytest.fixture
def machines_without_ipv6() -> Iterator[tuple[Machine, Machine]]:
    """The thread by which WSDiscovery answers ends with the first Probe that comes by IPv6.

    And where there is one version of IP, it is known by which address somebody is found.
    """
    with cable(ipv6=False) as both:
        yield both


async def test_our_client_finds_wsdiscovery(machines_without_ipv6: tuple[Machine, Machine]) -> None:
    here, there = machines_without_ipv6
    xaddr = f"http://{here.address}:8080/"
    async with here.running(*peer("wsdiscovery", "publish", xaddr, "http://example.org/a/b")) as publishing:
        address = json.loads(await publishing.until("address"))["address"]
        (found,) = asked(there, "find", "--scope", "http://example.org/a", "--timeout", "4")
        assert (found["Address"], found["XAddrs"], found["Types"]) == (address, [xaddr], ["wsdp:Device"])
        assert asked(there, "find", "--scope", "http://example.org/c", "--timeout", "2") == []


async def test_wsdiscovery_finds_our_computer(machines_without_ipv6: tuple[Machine, Machine], tmp_path: Path) -> None:
    here, there = machines_without_ipv6
    async with here.running(*HOST, state=tmp_path) as host:
        await host.until(FOUND_AS)
        (found,) = json.loads(there.run(*peer("wsdiscovery", "search", "4", "")))
        assert COMPUTER in found["types"]
        (xaddr,) = found["xaddrs"]
        assert xaddr == f"http://{here.address}:5357/{found['address'].removeprefix('urn:uuid:')}"
        assert json.loads(there.run(*peer("wsdiscovery", "search", "3", "http://example.org/none"))) == []


# --------------------------------------------------------------------------------------------------------- sdc11073


async def test_a_medical_device_is_found_and_read_in_dpws_1_1(machines: tuple[Machine, Machine]) -> None:
    here, there = machines
    address = uuid4().urn
    provider = peer("sdc11073", here.interface, "provide", address.removeprefix("urn:uuid:"))
    async with here.running(*provider) as providing:
        xaddrs = json.loads(await providing.until("address"))["xaddrs"]
        (found,) = asked(there, "find", "--timeout", "4")
        assert (found["Address"], found["XAddrs"], found["Profile"]) == (address, xaddrs, "DPWS 1.1")
        (said,) = asked(there, "metadata", address)
        assert (said["FriendlyName"], said["ModelName"], said["SerialNumber"]) == ("Pump of ward 3", "Pump", "12345")
        assert said["Services"] == ["Get", "StateEvent", "Set", "ContainmentTree"]
        assert asked(there, "metadata", xaddrs[0]) == [said]


# ------------------------------------------------------------------------------------------------ ours among themselves


async def test_interfaces_come_and_go(machines_without_ipv6: tuple[Machine, Machine], tmp_path: Path) -> None:
    """A host that starts without a cable is found once there is one, and at a second one when that comes."""
    here, there = machines_without_ipv6
    here.ip("link", "set", here.interface, "down")
    async with here.running(*HOST, state=tmp_path) as host, there.running(*OPENWMI, "wsd", "watch") as watching:
        await host.until(FOUND_AS)
        here.ip("link", "set", here.interface, "up")
        event = json.loads(await watching.until("Found"))
        assert event["Types"] == ["wsdp:Device", "pub:Computer"]
        _second_cable(here, there)
        await there.until_up("second")
        found: list[dict[str, Any]] = []
        while not found:  # it takes the host a moment to see the interface
            found = asked(there, "find", "--interface", "second", "--timeout", "3")
        assert [each["Address"] for each in found] == [event["Address"]]
        assert found[0]["XAddrs"][0].startswith("http://10.78.0.1:5357/")


HEARING = """
import asyncio
from openwmi.net.udp import UdpNetwork

class Receiver:
    def datagram_received(self, datagram):
        print(datagram.data.decode(), datagram.interface.address_for(4), flush=True)

async def main():
    await UdpNetwork((4,)).open(Receiver(), group=True)
    print("ready", flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""
SAYING = """
import asyncio
from openwmi.net.datagram import GROUP_V4, Endpoint
from openwmi.net.udp import UdpNetwork

async def main():
    for _ in range(10):
        transport = await UdpNetwork((4,)).open(None)
        for interface in transport.interfaces:
            transport.send(str(interface.address_for(4)).encode(), Endpoint(GROUP_V4, 3702), interface)
        transport.close()
        await asyncio.sleep(0)

asyncio.run(main())
"""


async def test_each_interface_hears_its_own(machines_without_ipv6: tuple[Machine, Machine]) -> None:
    """Whichever port it comes from."""
    here, there = machines_without_ipv6
    _second_cable(here, there)
    await there.until_up("second")
    async with here.running(sys.executable, "-c", HEARING) as hearing:
        await hearing.until("ready")
        there.run(sys.executable, "-c", SAYING)
        heard = {(await hearing.until(" ")).strip() for _ in range(20)}
    assert heard == {"10.77.0.2 10.77.0.1", "10.78.0.2 10.78.0.1"}


def _second_cable(here: Machine, there: Machine) -> None:
    here.ip("link", "add", "second", "type", "veth", "peer", "name", "second", "netns", there.name)
    for machine, own in ((here, "10.78.0.1/24"), (there, "10.78.0.2/24")):
        machine.ip("addr", "add", own, "dev", "second")
        machine.ip("link", "set", "second", "up")


PROBING = """
import select, socket, sys, time
from uuid import UUID
from openwmi.soap import DPWS_2006, Headers
from openwmi.wsd.messages import Probe, encode_discovery

GROUP = "239.255.255.250"
near, other, far, host = sys.argv[1:]

def probe(number):
    headers = Headers(DPWS_2006.action("Probe"), UUID(int=number).urn, DPWS_2006.everybody)
    return encode_discovery(DPWS_2006, headers, Probe((DPWS_2006.device_type,)))

said = {
    "on the link, to the group": (near, GROUP, probe(1)),
    "the same, from another one": (other, GROUP, probe(1)),
    "off the link, to the group": (far, GROUP, probe(2)),
    "off the link, to it alone": (far, host, probe(3)),
    "malformed, to the group": (other, GROUP, b"<:/>"),
    "malformed, to it alone": (other, host, b"<:/>"),
}
sockets, heard = {}, dict.fromkeys(said, 0)
for how, (source, to, data) in said.items():
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(near))
    sock.bind((source, 0))
    sock.sendto(data, (to, 3702))
    sockets[sock] = how
end = time.monotonic() + 4
while (left := end - time.monotonic()) > 0:
    for sock in select.select(sockets, [], [], left)[0]:
        heard[sockets[sock]] += len(sock.recv(65536))
for how, octets in heard.items():
    print(how, octets / len(said[how][2]), sep=":")
"""


async def test_nobody_is_worth_being_impersonated(
    machines_without_ipv6: tuple[Machine, Machine], tmp_path: Path
) -> None:
    """At most one and a half octets for each that came, to who is on the link; none to others."""
    here, there = machines_without_ipv6
    for address in ("10.77.0.3/24", "198.51.100.2/24"):
        there.ip("addr", "add", address, "dev", there.interface)
    here.ip("route", "add", "198.51.100.0/24", "dev", here.interface)
    async with here.running(*HOST, state=tmp_path) as host:
        await host.until(FOUND_AS)
        sources = (there.address, "10.77.0.3", "198.51.100.2")
        lines = there.run(sys.executable, "-c", PROBING, *sources, here.address).splitlines()
    heard = {how: float(octets) for how, octets in (line.split(":") for line in lines)}
    assert 0 < heard.pop("on the link, to the group") <= 1.5
    assert set(heard.values()) == {0.0}


async def test_who_goes_says_so_and_stays_the_same(machines: tuple[Machine, Machine], tmp_path: Path) -> None:
    here, there = machines
    async with there.running(*OPENWMI, "wsd", "watch") as watching:
        addresses = set()
        for _ in range(2):
            async with here.running(*HOST, state=tmp_path) as host:
                await host.until(FOUND_AS)
                addresses.add(json.loads(await watching.until('"Found"'))["Address"])
            addresses.add(json.loads(await watching.until('"Gone"'))["Address"])
    assert len(addresses) == 1
