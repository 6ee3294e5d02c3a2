"""Reading metadata from devices that are well, silent, lying, or speak something else."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from tests.soap.given import told
from tests.wsd.devices import ADDRESS, OURS, URL, Answering, World

from openwmi.base.error import Timeout, Unreachable, WbemError
from openwmi.base.status import WbemStatus
from openwmi.net import Address
from openwmi.net.datagram import Endpoint
from openwmi.net.http import Request, Response
from openwmi.soap import (
    DPWS_2006,
    DPWS_2009,
    GET,
    GET_METADATA,
    GET_RESPONSE,
    EndpointReference,
    Headers,
    Metadata,
    QName,
    Relationship,
    SoapFault,
    decode,
    encode,
    encode_fault,
    encode_get,
    encode_get_response,
)
from openwmi.soap import Service as Hosted
from openwmi.testing import interface
from openwmi.wsd import Device, metadata_at
from openwmi.wsd.calling import Faulted
from openwmi.wsd.messages import Description, ProbeMatches, encode_discovery

DEVICE = Device(ADDRESS, (), (), (URL,), 1, DPWS_2006, Endpoint(OURS, 3702), "eth0")
REQUEST = decode(encode_get(DPWS_2006, ADDRESS, "", large=False))


async def test_the_first_address_that_answers() -> None:
    world = World()
    silent = URL.replace(":5357", ":1")
    async with world.host:
        said = await world.read(replace(DEVICE, xaddrs=(silent, URL)))
    assert said == world.computer.metadata(ADDRESS)
    with pytest.raises(Unreachable, match="refused"):
        await world.read(replace(DEVICE, xaddrs=(silent, URL)))


async def test_a_device_that_does_not_say_where() -> None:
    world = World()
    async with world.host:
        assert await world.read(replace(DEVICE, xaddrs=())) == world.computer.metadata(ADDRESS)
    with pytest.raises(WbemError) as caught:
        await world.read(replace(DEVICE, xaddrs=()))
    assert caught.value.status == WbemStatus.NOT_FOUND


@pytest.mark.parametrize(
    "xaddrs",
    [("http://198.51.100.1/",), ("ftp://192.0.2.7/",), ("http://127.0.0.1/",), (URL, URL.replace("p:", "ps:"))],
)
async def test_addresses_that_nobody_trusts(xaddrs: tuple[str, ...]) -> None:
    """A stranger must not send us to others."""
    world = World()
    async with world.host:
        with pytest.raises(WbemError, match="no address that is on its own link"):
            await world.read(replace(DEVICE, xaddrs=xaddrs))


NAMES = {
    "box": (OURS,),
    "also.here": (f"{OURS}",),
    "elsewhere": ("198.51.100.1",),
    "localhost": ("127.0.0.1", "::1"),
    "both": (OURS, "127.0.0.1"),
    "127.1": ("127.0.0.1",),
}


async def lookup(name: str, timeout: float) -> tuple[str, ...]:
    assert timeout > 0
    return NAMES.get(name, ())


async def test_a_name_that_stands_for_the_device() -> None:
    world = World()
    async with world.host:
        for name in ("box", "also.here"):
            named = replace(DEVICE, xaddrs=("http://nobody/", URL.replace(OURS, name).replace("http", "HTTP")))
            assert await world.read(named, lookup=lookup) == world.computer.metadata(ADDRESS)


@pytest.mark.parametrize("name", ["elsewhere", "localhost", "both", "127.1", "nobody"])
async def test_a_name_that_stands_for_others(name: str) -> None:
    """A stranger must not send us there by a name, either."""
    world = World()
    async with world.host:
        with pytest.raises(WbemError, match="no address that is on its own link"):
            await world.read(replace(DEVICE, xaddrs=(URL.replace(OURS, name),)), lookup=lookup)


async def test_a_certificate_is_of_the_name() -> None:
    asked = []

    async def connect(protocol: Any, host: str, port: int, timeout: float) -> Any:
        asked.append((host, port))
        raise Unreachable(WbemStatus.TRANSPORT_FAILURE, "nobody is there")

    with pytest.raises(Unreachable):
        await World().read(replace(DEVICE, xaddrs=("https://box/x",)), lookup=lookup, connect=connect)
    assert asked == [("box", 443)]


async def test_the_interface_is_gone() -> None:
    world = World()
    world.there.become(interface("192.0.2.8/24", name="eth1"))
    async with world.host:
        with pytest.raises(WbemError, match="no address that is on its own link"):
            await world.read(DEVICE)


async def test_a_device_that_never_answers() -> None:
    world = World()
    await world.web.listen(asyncio.Protocol, Address(OURS, 5357))
    started = asyncio.get_running_loop().time()
    with pytest.raises(Timeout, match=r"did not answer within 3 s .*\[metadata urn:uuid:"):
        await world.read(DEVICE, timeout=3)
    assert asyncio.get_running_loop().time() - started == 3


FAULT = SoapFault("Receiver", DPWS_2006.device_type, "out of paper")
BARE = Headers(GET_RESPONSE, "urn:r")


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        (b"", 200, "no message of SOAP, but HTTP 200"),
        (b"<html/>", 404, "no message of SOAP, but HTTP 404"),
        (encode(DPWS_2006, BARE, Metadata()), 500, "no message of SOAP, but HTTP 500"),
        (encode(DPWS_2006, replace(BARE, relates_to="urn:other"), Metadata()), 200, "answered another message"),
        (encode(DPWS_2006, BARE), 200, "no metadata"),
        (encode(DPWS_2006, Headers("urn:x", "urn:r"), Metadata()), 200, "no metadata"),
        (encode(DPWS_2006, BARE, ProbeMatches()), 200, "no metadata"),
    ],
)
async def test_what_is_no_metadata(body: bytes, status: int, said: str) -> None:
    world = World()
    await Answering(world.web, body, status).listen(port=5357)
    with pytest.raises(WbemError, match=said) as caught:
        await world.read(DEVICE)
    assert caught.value.status == WbemStatus.FAILED


@pytest.mark.parametrize("status", [200, 400, 500])
async def test_a_fault(status: int) -> None:
    world = World()
    await Answering(world.web, encode_fault(REQUEST, FAULT, "urn:r"), status).listen(port=5357)
    with pytest.raises(Faulted, match=r"answered with the fault .*Device: out of paper") as caught:
        await world.read(DEVICE)
    assert caught.value.fault == FAULT


class OfServices(Answering):
    """It answers GetMetadata, and Get with a fault."""

    fault = SoapFault("Sender", None, "invalid action")
    knows = GET_METADATA

    async def answer(self, request: Request, peer: Address, local: Address) -> Response:
        await super().answer(request, peer, local)
        message = decode(request.body)
        if message.headers.action != self.knows:
            return Response(400, (), encode_fault(message, self.fault, "urn:r"))
        return Response(200, (), encode_get_response(message, Metadata(relationships=(HOSTED,)), "urn:r"))


HOSTED = Relationship(None, (Hosted((EndpointReference(URL),), (), "urn:x:files"),))


@pytest.mark.parametrize("subcode", [None, QName(DPWS_2006.addressing, "ActionNotSupported")])
async def test_a_service_that_knows_get_metadata_alone(subcode: QName | None) -> None:
    world = World()
    service = OfServices(world.web, b"")
    service.fault = replace(service.fault, subcode=subcode)
    await service.listen(port=5357)
    assert (await world.read(DEVICE)).relationships == (HOSTED,)
    assert len(service.asked) == 2


@pytest.mark.parametrize(
    ("fault", "asked"),
    [(SoapFault("Sender", None, "no"), 2), (SoapFault("Sender", QName("urn:x", "Other"), "no"), 1), (FAULT, 1)],
)
async def test_a_service_that_knows_neither(fault: SoapFault, asked: int) -> None:
    world = World()
    service = OfServices(world.web, b"")
    service.fault, service.knows = fault, ""
    await service.listen(port=5357)
    with pytest.raises(Faulted) as caught:
        await world.read(DEVICE)
    assert caught.value.fault == fault
    assert len(service.asked) == asked


async def test_who_knows_neither_has_refused_the_first() -> None:
    class Refusing(OfServices):
        async def answer(self, request: Request, peer: Address, local: Address) -> Response:
            action = decode(request.body).headers.action
            self.fault = SoapFault("Sender", None, action)
            return await super().answer(request, peer, local)

    world = World()
    service = Refusing(world.web, b"")
    service.knows = ""
    await service.listen(port=5357)
    with pytest.raises(Faulted) as caught:
        await world.read(DEVICE)
    assert caught.value.fault.reason == GET
    assert len(service.asked) == 2


async def test_large_metadata() -> None:
    """We say that we can take it."""
    world = World()
    whole = world.computer.metadata(ADDRESS)
    (relationship,) = whole.relationships
    assert relationship.host is not None
    many = tuple(replace(relationship.host, service_id=f"urn:service:{number}") for number in range(200))
    large = replace(whole, relationships=(Relationship(relationship.host, many),))
    world.host.update(large)
    async with world.host:
        assert await world.read(DEVICE) == large
    assert len(encode_get_response(REQUEST, large, "urn:r")) < 32_768


# ------------------------------------------------------------------------------------------- by an address of HTTP


async def at(world: World, url: str, **how: Any) -> Metadata:
    said: Metadata = await metadata_at(url, connect=world.web.connect, **how)
    return said


@pytest.mark.parametrize("url", [URL, f"http://{OURS}:5357", f"http://{OURS}:5357/"])
async def test_an_address_that_somebody_knows(url: str) -> None:
    world = World()
    async with world.host:
        assert await at(world, url) == world.computer.metadata(ADDRESS)


async def test_the_other_profile() -> None:
    world = World(profiles=(DPWS_2009,))
    said = told(world.computer.metadata(ADDRESS), DPWS_2009)
    async with world.host:
        assert await at(world, URL) == said
        assert await at(world, f"http://{OURS}:5357/") == said
        with pytest.raises(Faulted, match="ActionNotSupported"):
            await at(world, URL, profiles=(DPWS_2006,))


async def test_an_address_of_nobody() -> None:
    world = World()
    with pytest.raises(Unreachable, match="refused"):
        await at(world, f"http://{OURS}/")
    with pytest.raises(WbemError, match="is no address of HTTP"):
        await at(world, "http://")
    with pytest.raises(WbemError, match="no profile"):
        await at(world, URL, profiles=())


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            encode_discovery(DPWS_2006, Headers(DPWS_2006.action("ProbeMatches")), ProbeMatches()),
            "there is no device at",
        ),
        (encode(DPWS_2006, BARE, Metadata()), "answered a Probe with something else"),
        (b"<html/>", "no message of SOAP"),
    ],
)
async def test_what_is_no_device(body: bytes, said: str) -> None:
    world = World()
    await Answering(world.web, body).listen()
    with pytest.raises(WbemError, match=said):
        await at(world, f"http://{OURS}/")


async def test_a_device_cannot_send_us_elsewhere() -> None:
    """Its addresses are not asked: it may be on any network, and so may they."""
    world = World()
    match = Description(ADDRESS, (), (), ("soap.udp://192.0.2.66:3702", "http://192.0.2.66/secret"))
    answer = encode_discovery(DPWS_2006, Headers(DPWS_2006.action("ProbeMatches")), ProbeMatches((match,)))
    device, elsewhere = Answering(world.web, answer), Answering(world.web, answer)
    await device.listen()
    await elsewhere.listen("192.0.2.66")
    with pytest.raises(WbemError):
        await at(world, f"http://{OURS}/", profiles=(DPWS_2006,))
    assert [request.target for request in device.asked] == [DPWS_2006.directed_path, "/secret"]
    assert elsewhere.asked == []
