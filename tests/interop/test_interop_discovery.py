"""Other people's programs find our computer, and ours finds what they publish; nobody shares a line of code."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from tests.interop.link import OPENWMI, PEERS, Machine, cable
from tests.interop.peer import python_with

from openwmi.soap import (
    DPWS_2009,
    AppSequence,
    EndpointReference,
    Headers,
    QName,
    action_not_supported,
    decode,
    encode_fault,
    encode_get,
    encode_get_response,
    endpoint_unavailable,
    invalid_header,
    not_understood,
    rule_not_supported,
)
from openwmi.wsd import Computer
from openwmi.wsd.messages import (
    Bye,
    Content,
    Description,
    Hello,
    Probe,
    ProbeMatches,
    Resolve,
    ResolveMatches,
    encode_discovery,
)

COMPUTER = "{http://schemas.microsoft.com/windows/pub/2005/07}Computer"
HOST = (*OPENWMI, "wsd", "host", "computer", "--name", "ours", "--workgroup", "home")
FOUND_AS = "this computer can be found as OURS/Workgroup:HOME"
VERSIONS = pytest.mark.parametrize("version", [4, 6])


@pytest.fixture
def machines() -> Iterator[tuple[Machine, Machine]]:
    with cable() as both:
        yield both


def wsdds() -> list[str]:
    """The files of wsdd that there are: the one that is named, and the one that is installed."""
    found = (os.environ.get("OPENWMI_WSDD"), shutil.which("wsdd"))
    return list(dict.fromkeys(each for each in found if each and Path(each).is_file()))


@pytest.fixture(params=wsdds() or [""], ids=["named", "installed"][-max(1, len(wsdds())) :])
def wsdd(request: pytest.FixtureRequest) -> tuple[str, ...]:
    """The command of wsdd, of each that there is; the test is skipped where there is none."""
    if not request.param:
        pytest.skip("wsdd is not installed, and OPENWMI_WSDD does not name it")
    return (sys.executable, request.param, "-v")


def peer(package: str, *arguments: str) -> tuple[str, ...]:
    return (python_with(package), "-u", str(PEERS / f"wsd_{package}.py"), *arguments)


def asked(machine: Machine, *arguments: str) -> list[dict[str, Any]]:
    """The rows of a command of ours."""
    return [json.loads(line) for line in machine.run(*OPENWMI, "wsd", *arguments).splitlines()]


# ------------------------------------------------------------------------------------------------------------- wsdd


@VERSIONS
async def test_wsdd_finds_our_computer(
    machines: tuple[Machine, Machine], wsdd: tuple[str, ...], tmp_path: Path, version: int
) -> None:
    """It probes, resolves, reads the metadata, and hears that the computer goes."""
    here, there = machines
    client = (*wsdd, f"-{version}", "-i", there.interface, "-o", "-D")
    async with there.running(*client) as finding:
        await finding.until("joined multicast group")
        async with here.running(*HOST, state=tmp_path) as host:
            await host.until(FOUND_AS)
            line = await finding.until("discovered OURS in Workgroup:HOME on")
            assert (here.address if version == 4 else "[fe80:") in line
        await finding.until('"Bye ')


@VERSIONS
async def test_our_client_finds_wsdd(machines: tuple[Machine, Machine], wsdd: tuple[str, ...], version: int) -> None:
    """Which says where it listens only when it is asked (Resolve)."""
    here, there = machines
    host = (*wsdd, f"-{version}", "-i", here.interface, "-n", "theirs", "-w", "office")
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


async def test_the_port_is_shared_with_wsdd(
    machines: tuple[Machine, Machine], wsdd: tuple[str, ...], tmp_path: Path
) -> None:
    """Both are found, on one machine."""
    here, there = machines
    async with here.running(*wsdd, "-i", here.interface, "-n", "theirs") as publishing:
        await publishing.until("joined multicast group")
        async with here.running(*HOST, "--listen", "*:0", state=tmp_path) as host:
            await host.until(FOUND_AS)
            found = asked(there, "find", "--type", "wsdp:Device", "--timeout", "4")
            names = [asked(there, "metadata", each["Address"])[0]["Computer"] for each in found]
            assert sorted(names) == ["OURS/Workgroup:HOME", "THEIRS/Workgroup:WORKGROUP"]


async def test_answers_reach_who_watches_beside_wsdd(
    machines: tuple[Machine, Machine], wsdd: tuple[str, ...], tmp_path: Path
) -> None:
    """They are sent to one program alone, and so asked for from a port that nobody shares."""
    here, there = machines
    async with here.running(*HOST, state=tmp_path) as host:
        await host.until(FOUND_AS)
        async with there.running(*wsdd, "-i", there.interface, "-o", "-D") as beside:
            await beside.until("joined multicast group")
            async with there.running(*OPENWMI, "wsd", "watch") as watching:
                event = json.loads(await watching.until('"Found"'))
    assert event["XAddrs"]  # a Hello has none


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


PUMP = """
import asyncio, sys
from openwmi.soap import DPWS_2009, QName
from openwmi.wsd import Computer, Host

async def main(address):
    host = Host(address, Computer("pump").metadata(address), instance=1, types=(QName("urn:pumps", "Pump"),),
                scopes=("http://example.org/ward3",), profiles=(DPWS_2009,))
    async with host:
        print("it is there", flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)

asyncio.run(main(sys.argv[1]))
"""


async def test_a_medical_client_finds_our_device(machines: tuple[Machine, Machine]) -> None:
    """It passes over whatever breaks the schemas of 1.1."""
    here, there = machines
    address = uuid4().urn
    async with here.running(sys.executable, "-c", PUMP, address) as pump:
        await pump.until("it is there")
        (found,) = json.loads(there.run(*peer("sdc11073", there.interface, "search", "4")))
    xaddr = f"http://{here.address}:5357/{address.removeprefix('urn:uuid:')}"
    assert found == {"address": address, "xaddrs": [xaddr]}


def _in_1_1(content: Content, **headers: Any) -> bytes:
    return encode_discovery(DPWS_2009, Headers(DPWS_2009.action(content.name), "urn:uuid:1", **headers), content)


def test_what_we_say_in_1_1_keeps_to_the_schemas() -> None:
    """Those of SOAP, WS-Addressing, WS-Discovery, DPWS and the rest, as sdc11073 has them."""
    profile, address = DPWS_2009, "urn:uuid:00000000-0000-0000-0000-000000000007"
    whole = Description(address, (profile.device_type,), ("http://example.org/a",), ("http://192.0.2.7:5357/x",), 3)
    asked: dict[str, Any] = {"to": profile.everybody, "reply_to": EndpointReference(profile.anonymous)}
    told: dict[str, Any] = {"to": profile.everybody, "app_sequence": AppSequence(1, 2, "urn:s")}
    answered: dict[str, Any] = {"to": profile.anonymous, "relates_to": "urn:q", "app_sequence": AppSequence(1, 2)}
    get = encode_get(profile, address, "urn:uuid:2")
    metadata = Computer("box").metadata(address)
    (relationship,) = metadata.relationships
    assert relationship.host is not None
    services = replace(metadata, relationships=(replace(relationship, hosted=(relationship.host,)),))
    faults = (
        action_not_supported(profile, "urn:a"),
        invalid_header(profile, "ReplyTo"),
        rule_not_supported(profile, tuple(profile.rules)),
        not_understood((QName("urn:v", "T"),)),
        endpoint_unavailable(profile),
    )
    said = [
        _in_1_1(Hello(whole), **told),
        _in_1_1(Hello(Description(address, metadata_version=1)), **told),
        _in_1_1(Bye(Description(address)), **told),
        _in_1_1(Probe((profile.device_type,), ("urn:a",), profile.default_rule), **asked),
        _in_1_1(Probe(), **asked),
        _in_1_1(Resolve(address), **asked),
        _in_1_1(ProbeMatches((whole,)), **answered),
        _in_1_1(ProbeMatches(), **answered),
        _in_1_1(ResolveMatches((whole,)), **answered),
        get,
        encode_get_response(decode(get), services, "urn:r"),
        *(encode_fault(decode(get), fault, "urn:r") for fault in faults),
    ]
    texts = json.dumps([each.decode().partition("?>")[2] or each.decode() for each in said])
    command = peer("sdc11073", "-", "check", "-")
    checked = subprocess.run(command, input=texts, capture_output=True, text=True, check=True, timeout=60)
    assert json.loads(checked.stdout) == [[] for _ in said]


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


async def test_who_is_killed_is_the_same_afterwards(machines: tuple[Machine, Machine], tmp_path: Path) -> None:
    """Without a Bye, the next Hello is of the same device, and newer."""
    here, there = machines
    async with there.running(*OPENWMI, "wsd", "watch") as watching:
        async with here.running(*HOST, state=tmp_path) as host:
            await host.until(FOUND_AS)
            first = json.loads(await watching.until('"Found"'))
            host.kill()
        async with here.running(*HOST, state=tmp_path) as host:
            await host.until(FOUND_AS)
            again = json.loads(await watching.until('"Updated"'))
        gone = json.loads(await watching.until('"Gone"'))
    assert first["Address"] == again["Address"] == gone["Address"]


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
