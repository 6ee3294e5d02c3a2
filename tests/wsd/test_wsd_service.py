"""Services of a device: listed, dynamic, made when asked for, retired; and what they refuse."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from tests.wsd.devices import ADDRESS, OURS, URL, World
from tests.wsd.test_wsd_endpoint import BODY, ECHO, LATER, NEVER, Calling, Echo

from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.net.http import Request, parse_url
from openwmi.net.http_client import HttpClient
from openwmi.soap import (
    DPWS_2009,
    GET,
    GET_METADATA,
    GET_METADATA_RESPONSE,
    EndpointReference,
    Fragment,
    Headers,
    Metadata,
    QName,
    Section,
    decode_get_response,
    encode,
)
from openwmi.soap import Service as Hosted
from openwmi.wsd import Call, Endpoint, Faulted, Reply, Service


@pytest.fixture
async def calling() -> AsyncIterator[Calling]:
    made = Calling()
    async with made.world.host, made.http:
        yield made


async def metadata_of(calling: Calling) -> Metadata:
    (device,) = await calling.world.find()
    return await calling.world.read(device)


async def test_metadata_list_the_services(calling: Calling) -> None:
    (hosted,) = (await metadata_of(calling)).hosted
    assert hosted.service_id == "urn:x/echo"
    assert hosted.types == (QName("urn:x", "Echo"),)
    assert [each.address for each in hosted.endpoints] == [f"{URL}/urn%3Ax%2Fecho"]
    assert (await Endpoint(hosted.endpoints[0].address, http=calling.http).two_way(ECHO, BODY)).message.body is not None


async def test_a_service_says_what_it_is(calling: Calling) -> None:
    wsdl = Section("http://schemas.xmlsoap.org/wsdl/", "urn:x", (Fragment.parse("<a/>"),))
    calling.service.sections = (wsdl,)
    reply: Reply = await calling.endpoint.two_way(GET, None)
    said = decode_get_response(reply.message)
    assert [each.service_id for each in said.hosted] == ["urn:x/echo"]
    assert said.host is not None
    assert said.host.endpoints == (EndpointReference(ADDRESS),)
    assert said.others == (wsdl,)


MEX = "http://schemas.xmlsoap.org/ws/2004/09/mex"
WSDL = "http://schemas.xmlsoap.org/wsdl/"


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("", (1, ["urn:x", "urn:y"])),
        (f"<x:Dialect>{WSDL}</x:Dialect>", (0, ["urn:x", "urn:y"])),
        (f"<x:Dialect>{WSDL}</x:Dialect><x:Identifier>urn:y</x:Identifier>", (0, ["urn:y"])),
        ("<x:Identifier>urn:x</x:Identifier>", (0, ["urn:x"])),
        ("<x:Dialect>http://schemas.xmlsoap.org/ws/2006/02/devprof/Relationship</x:Dialect>", (1, [])),
        ("<x:Dialect>urn:none</x:Dialect>", (0, [])),
    ],
)
async def test_a_service_tells_the_metadata_that_are_asked_for(
    calling: Calling, asked: str, told: tuple[int, list[str]]
) -> None:
    """By WS-MetadataExchange's own request sent to each hosted service."""
    calling.service.sections = tuple(Section(WSDL, each, (Fragment.parse("<a/>"),)) for each in ("urn:x", "urn:y"))
    body = f'<x:GetMetadata xmlns:x="{MEX}">{asked}</x:GetMetadata>'.encode()
    reply: Reply = await calling.endpoint.two_way(GET_METADATA, body, reply_action=GET_METADATA_RESPONSE)
    said = decode_get_response(reply.message)
    assert (len(said.hosted), [each.identifier for each in said.others]) == told


async def test_a_service_that_answers_get_itself(calling: Calling) -> None:
    calling.service.actions = {GET: lambda _: BODY}
    assert (await calling.endpoint.two_way(GET, None)).message.name == QName("urn:x", "Say")


async def test_one_more_is_told(calling: Calling) -> None:
    (before,) = await calling.world.find()
    more = Echo("more")
    calling.world.host.add(more)
    (after,) = await calling.world.find()
    assert after.metadata_version == before.metadata_version + 1
    assert [each.service_id for each in (await metadata_of(calling)).hosted] == ["urn:x/echo", "more"]
    with pytest.raises(WbemError) as caught:
        calling.world.host.add(Echo("more"))
    assert caught.value.status == WbemStatus.ALREADY_EXISTS
    await calling.world.host.retire(more)
    await calling.world.host.retire(more)
    assert [each.service_id for each in (await metadata_of(calling)).hosted] == ["urn:x/echo"]


async def test_one_that_metadata_do_not_list(calling: Calling) -> None:
    hidden = Echo("hidden")
    calling.world.host.add(hidden, listed=False)
    assert len((await metadata_of(calling)).hosted) == 1
    endpoint = Endpoint(calling.world.host.url(hidden, OURS), http=calling.http)
    await endpoint.two_way(ECHO, BODY)
    await calling.world.host.retire(hidden)
    with pytest.raises(WbemError, match="HTTP 404"):
        await endpoint.two_way(ECHO, BODY)


async def test_one_that_is_made_when_it_is_asked_for() -> None:
    asked: list[str] = []

    def missing(service_id: str) -> Service | None:
        asked.append(service_id)
        return Echo(service_id) if service_id == "lazy" else None

    calling = Calling(on_missing=missing)
    async with calling.world.host, calling.http:
        for _ in range(2):
            await Endpoint(f"{URL}/lazy", http=calling.http).two_way(ECHO, BODY)
        for path in ("other", "", "-/x"):
            with pytest.raises(WbemError, match="HTTP 404"):
                await Endpoint(f"{URL}/{path}", http=calling.http).two_way(ECHO, BODY)
        assert asked == ["lazy", "other", "-/x"]
        assert len((await metadata_of(calling)).hosted) == 1


async def test_one_that_is_listed_before_it_is_made() -> None:
    calling = Calling(on_missing=lambda service_id: Echo(service_id) if service_id == "lazy" else None)
    before = calling.world.computer.metadata(ADDRESS)
    listed = Hosted((), (QName("urn:x", "Echo"),), "lazy")
    calling.world.host.update(replace(before, relationships=(replace(before.relationships[0], hosted=(listed,)),)))
    async with calling.world.host, calling.http:
        lazy, other = (await metadata_of(calling)).hosted
        assert (lazy.service_id, other.service_id) == ("lazy", "urn:x/echo")
        await Endpoint(lazy.endpoints[0].address, http=calling.http).two_way(ECHO, BODY)


async def test_what_is_under_way_is_ended_when_a_service_goes(calling: Calling) -> None:
    waiting = [calling.endpoint.two_way(action, BODY) for action in (NEVER, LATER)]
    await asyncio.sleep(0.1)
    await calling.world.host.retire(calling.service)
    for operation in waiting:
        with pytest.raises(Faulted, match="EndpointUnavailable"):
            await operation
    (call,) = calling.service.calls
    call.respond(None)  # nobody waits for it
    assert call.dropped


async def test_one_that_retires_itself() -> None:
    calling = Calling()

    async def gone(call: Call) -> bytes:
        await calling.world.host.retire(calling.service)
        return BODY

    calling.service.actions = {ECHO: gone}
    async with calling.world.host, calling.http:
        assert (await calling.endpoint.two_way(ECHO, BODY)).message.name == QName("urn:x", "Say")
        with pytest.raises(WbemError, match="404"):
            await calling.endpoint.two_way(ECHO, BODY)


def test_a_service_needs_an_id() -> None:
    with pytest.raises(WbemError, match="an id"):
        World(services=[Service("")])


async def refused(calling: Calling, body: bytes) -> int:
    url = parse_url(calling.endpoint.url)
    request = Request("POST", url.target, (("Content-Type", "application/soap+xml"),), body)
    return (await calling.http.send(url, request, timeout=5, limit=1 << 15)).status


async def test_what_is_refused(calling: Calling) -> None:
    profile = calling.endpoint.profile
    headers = Headers(ECHO, "urn:m")
    for wrong in (
        replace(headers, reply_to=EndpointReference("http://192.0.2.66/")),
        replace(headers, message_id="", reply_to=EndpointReference(profile.anonymous)),
        replace(headers, action="urn:x/none"),
    ):
        assert await refused(calling, encode(profile, wrong, BODY)) == 400
    assert await refused(calling, encode(DPWS_2009, headers, BODY)) == 400
    demanded = b'<x:y xmlns:x="urn:x" soap:mustUnderstand="1"/></soap:Header>'
    assert await refused(calling, encode(profile, headers, BODY).replace(b"</soap:Header>", demanded)) == 500
    assert await refused(calling, b"nonsense") == 400
    assert calling.service.calls == []
    assert await refused(calling, encode(profile, headers, BODY)) == 200


async def test_a_device_that_ends_ends_its_calls(calling: Calling) -> None:
    operation = calling.endpoint.two_way(NEVER, BODY)
    await asyncio.sleep(0.1)
    await calling.world.host.stop()
    with pytest.raises(WbemError, match="lost"):
        await operation


async def test_many_clients_at_once(calling: Calling) -> None:
    clients = [HttpClient(connect=calling.world.web.connect, connections=1) for _ in range(10)]
    endpoints = [Endpoint(calling.endpoint.url, http=each) for each in clients]
    operations = [endpoint.two_way(ECHO, BODY) for endpoint in endpoints for _ in range(10)]
    for operation in operations:
        await operation
    for each in clients:
        await each.aclose()
