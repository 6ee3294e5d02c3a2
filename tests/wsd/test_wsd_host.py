"""A device of our own: found, read, changed, gone; and what it says to requests that it does not want."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from tests.wsd.devices import ADDRESS, OURS, PATH, THEIRS, URL, World

from openwmi.base.error import AccessDenied, WbemError
from openwmi.base.fault import LocalProtocolError
from openwmi.base.status import WbemStatus
from openwmi.net import Address
from openwmi.net.http import Request, Response, parse_url
from openwmi.net.http_client import exchange
from openwmi.soap import (
    DPWS_2006,
    DPWS_2009,
    EndpointReference,
    Headers,
    Metadata,
    Profile,
    SoapFault,
    decode,
    encode,
    encode_get,
    fault_of,
    localized,
)
from openwmi.testing import interface
from openwmi.wsd import COMPUTER, Found, Gone, Host, Updated, watch
from openwmi.wsd.messages import Probe, ProbeMatches, Resolve, ResolveMatches, discovery_in, encode_discovery


@pytest.fixture
async def world() -> AsyncIterator[World]:
    world = World()
    async with world.host:
        yield world


async def test_it_is_found_and_says_what_it_is(world: World) -> None:
    (device,) = await world.find(types=(COMPUTER,))
    assert (device.address, device.xaddrs, device.source.host) == (ADDRESS, (URL,), OURS)
    assert await world.read(device) == world.computer.metadata(ADDRESS)


async def test_it_says_hello_and_bye() -> None:
    world = World()
    async with watch(network=world.there) as events:
        await events.next(1, 0.1)
        async with world.host:
            (event,) = await events.next(1)
            assert isinstance(event, Found)
            assert event.device.address == ADDRESS
        while not isinstance(event, Gone):
            (event,) = await events.next(1)
        events.cancel()
    assert await world.find(timeout=3) == []


async def test_it_can_start_again() -> None:
    world = World()
    for _ in range(2):
        async with world.host:
            with pytest.raises(LocalProtocolError):
                await world.host.start()
            assert len(await world.find()) == 1
        await world.host.stop()


async def test_it_follows_the_interfaces(world: World) -> None:
    world.here.become()
    assert await world.find(timeout=3) == []
    world.here.become(interface("192.0.2.70/24"))
    (device,) = await world.find()
    assert device.xaddrs == (URL.replace(OURS, "192.0.2.70"),)


async def test_without_an_interface_it_waits(caplog: pytest.LogCaptureFixture) -> None:
    world = World()
    world.here.become()
    async with world.host:
        assert "waits for one" in caplog.text
        world.here.become(interface(f"{OURS}/24"))
        assert len(await world.find()) == 1


async def test_a_change_is_told(world: World) -> None:
    (device,) = await world.find()
    async with watch(network=world.there) as events:
        await events.next(1)
        before = world.computer.metadata(ADDRESS)
        assert before.device is not None
        changed = replace(before, device=replace(before.device, friendly_name=localized("another name")))
        world.host.update(changed)
        event = None
        while not isinstance(event, Updated):
            (event,) = await events.next(1)
        assert event.device.metadata_version == device.metadata_version + 1
        events.cancel()
    assert await world.read(device) == changed


async def test_a_change_before_the_start() -> None:
    world = World()
    changed = replace(world.computer, name="other").metadata(ADDRESS)
    world.host.update(changed)
    async with world.host:
        (device,) = await world.find()
        assert await world.read(device) == changed


async def test_a_port_that_cannot_be_had() -> None:
    world = World()

    async def refuse(*_: Any) -> Any:
        raise AccessDenied(WbemStatus.ACCESS_DENIED, "no right to listen")

    world.host = World(listen_with=refuse).host
    with pytest.raises(AccessDenied):
        await world.host.start()
    await world.host.stop()


async def test_a_network_that_cannot_be_had() -> None:
    """The port is free again then."""
    world = World()

    class Broken:
        async def open(self, *_: Any, **__: Any) -> Any:
            raise WbemError(WbemStatus.FAILED, "no sockets")

    world.host = World(network=Broken(), listen_with=world.web.listen).host
    with pytest.raises(WbemError, match="no sockets"):
        await world.host.start()
    await world.web.listen(asyncio.Protocol, Address(OURS, 5357))


@pytest.mark.parametrize("address", ["", "urn:uuid:", URL, "urn:uuid:x", PATH[1:]])
def test_what_is_no_address_of_a_device(address: str) -> None:
    with pytest.raises(WbemError, match="urn:uuid"):
        Host(address, Metadata(), instance=1)


# ------------------------------------------------------------------------------------------------- requests over HTTP

SOAP = (("Content-Type", "application/soap+xml; charset=utf-8"),)


async def asked(world: World, body: bytes, target: str = PATH, method: str = "POST", headers: Any = SOAP) -> Response:
    url = parse_url(f"http://{OURS}:5357{target}")
    request = Request(method, target, headers, body)
    return await exchange(url, request, timeout=5, limit=1 << 16, connect=world.web.connect)


def fault_in(response: Response) -> SoapFault:
    fault = fault_of(decode(response.body))
    assert fault is not None
    return fault


GET = encode_get(DPWS_2006, ADDRESS, "urn:m")


@pytest.mark.parametrize(
    ("how", "status"),
    [
        ({"target": "/"}, 404),
        ({"target": "/00000000-0000-0000-0000-000000000008"}, 404),
        ({"method": "GET", "body": b""}, 405),
        ({"method": "PUT"}, 405),
        ({"headers": ()}, 415),
        ({"headers": (("Content-Type", "text/xml"),)}, 415),
        ({"body": b""}, 400),
        ({"body": b"<soap/>"}, 400),
        ({"body": b"<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>"}, 400),
        ({"body": b"x" * 32_768}, 413),
        ({"body": GET[:-1]}, 400),
    ],
)
async def test_what_is_no_request(world: World, how: dict[str, Any], status: int) -> None:
    response = await asked(world, **({"body": GET} | how))
    assert (response.status, response.body) == (status, b"")


async def test_the_request_of_a_client(world: World) -> None:
    response = await asked(world, GET, target=f"{PATH}?x")
    assert (response.status, response.header("content-type")) == (200, "application/soap+xml; charset=utf-8")
    assert decode(response.body).headers.relates_to == "urn:m"


def soap(action: str, profile: Profile = DPWS_2006, **headers: Any) -> bytes:
    return encode(profile, Headers(action, "urn:m", **headers))


TRANSFER = "http://schemas.xmlsoap.org/ws/2004/09/transfer"


@pytest.mark.parametrize(
    ("body", "target", "subcode"),
    [
        (soap(f"{TRANSFER}/Put", to=ADDRESS), PATH, "ActionNotSupported"),
        (soap("urn:other"), PATH, "ActionNotSupported"),
        (soap(f"{TRANSFER}/Get", DPWS_2009), PATH, "ActionNotSupported"),
        (GET, DPWS_2006.directed_path, "ActionNotSupported"),
        (soap(f"{TRANSFER}/Get", to="urn:uuid:00000000-0000-0000-0000-000000000008"), PATH, "DestinationUnreachable"),
        (
            soap(f"{TRANSFER}/Get", to=ADDRESS, reply_to=EndpointReference("http://192.0.2.66/")),
            PATH,
            "InvalidMessageInformationHeader",
        ),
        (encode_discovery(DPWS_2009, Headers(DPWS_2009.action("Probe"), "urn:m"), Probe()), PATH, "ActionNotSupported"),
    ],
)
async def test_requests_that_are_refused(world: World, body: bytes, target: str, subcode: str) -> None:
    response = await asked(world, body, target)
    fault = fault_in(response)
    assert response.status == 400
    assert fault.subcode is not None
    assert fault.subcode.local == subcode


async def test_what_has_to_be_understood(world: World) -> None:
    demanded = b'<x:y xmlns:x="urn:x" soap:mustUnderstand="1"/></soap:Header>'
    response = await asked(world, GET.replace(b"</soap:Header>", demanded))
    assert (response.status, fault_in(response).code) == (500, "MustUnderstand")


@pytest.mark.parametrize("to", ["", ADDRESS.upper().replace("URN:UUID", "urn:uuid"), URL, DPWS_2006.anonymous])
async def test_who_it_is_for(world: World, to: str) -> None:
    assert (await asked(world, soap(f"{TRANSFER}/Get", to=to))).status == 200


@pytest.mark.parametrize("target", [PATH, DPWS_2006.directed_path])
async def test_a_probe_to_it_alone(world: World, target: str) -> None:
    headers = Headers(DPWS_2006.action("Probe"), "urn:m", DPWS_2006.everybody)
    response = await asked(world, encode_discovery(DPWS_2006, headers, Probe((COMPUTER,))), target)
    answer = discovery_in(decode(response.body)).content
    assert isinstance(answer, ProbeMatches)
    assert [(match.address, match.xaddrs) for match in answer.matches] == [(ADDRESS, (URL,))]
    other = encode_discovery(DPWS_2006, replace(headers, message_id="urn:n"), Probe((DPWS_2009.device_type,)))
    assert discovery_in(decode((await asked(world, other, target)).body)).content == ProbeMatches()


async def test_a_resolve_to_it_alone(world: World) -> None:
    headers = Headers(DPWS_2006.action("Resolve"), "urn:m", DPWS_2006.everybody)
    response = await asked(world, encode_discovery(DPWS_2006, headers, Resolve(ADDRESS)))
    answer = discovery_in(decode(response.body)).content
    assert isinstance(answer, ResolveMatches)
    assert THEIRS not in str(answer)


async def test_a_rule_of_ones_own() -> None:
    rules = {"urn:suffix": lambda wanted, scope: scope.endswith(wanted)}
    world = World(scopes=("http://example.org/a/b",), rules=rules)
    async with world.host:
        for wanted, found in (("/b", 1), ("/c", 0)):
            assert len(await world.find(scopes=(wanted,), match_by="urn:suffix")) == found
        assert await world.find(scopes=("/b",), match_by="urn:other") == []


async def test_https() -> None:
    """Where it listens says so; who is trusted is the client's affair."""
    world = World(tls=ssl.create_default_context(ssl.Purpose.CLIENT_AUTH))
    async with world.host:
        (device,) = await world.find()
        assert device.xaddrs == (URL.replace("http:", "https:"),)
        assert await world.read(device) == world.computer.metadata(ADDRESS)
