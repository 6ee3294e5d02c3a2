"""Where notifications come in: what is taken from whom, and what becomes of the port."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.wsd.sources import ACTION, SINK, Source, body

from openwmi.base.error import Unreachable
from openwmi.net import Address
from openwmi.net.http import Request, parse_url
from openwmi.soap import DPWS_2006, EndpointReference, Fragment, Headers, SoapFault, destination_unreachable, encode
from openwmi.testing import MemoryNetwork
from openwmi.wsd import Endpoint
from openwmi.wsd.calling import ENVELOPE_TYPE
from openwmi.wsd.eventing.receiver import LINGER_SECONDS, Receiver
from openwmi.wsd.eventing.subscription import subscribe

SOURCE = parse_url("http://192.0.2.7:5357/events")


async def take(message: Any, attachments: Any) -> SoapFault | None:
    return None


async def test_each_subscription_has_a_path_of_its_own(source: Source) -> None:
    urls = [await source.receiver.expect(SOURCE, take) for _ in range(3)]
    assert len({parse_url(each).target for each in urls}) == 3
    assert len({parse_url(each).port for each in urls}) == 1, "and all of them one port"
    assert len(source.receiver) == 3
    for each in (*urls, urls[0]):
        source.receiver.forget(each)
    assert len(source.receiver) == 0


async def post(source: Source, url: str, octets: bytes, kind: str = ENVELOPE_TYPE, method: str = "POST") -> int:
    request = Request(method, parse_url(url).target, (("Content-Type", kind),), octets)
    return (await source.http.send(parse_url(url), request, timeout=5, limit=1 << 15)).status


async def test_what_is_no_message_is_refused_and_counted(source: Source) -> None:
    url = await source.receiver.expect(SOURCE, take)
    assert await post(source, url, b"<nothing/>") == 400
    assert await post(source, url, b"", "text/plain") == 415
    assert await post(source, url, b"", method="GET") == 405
    assert source.receiver.refused == {"malformed": 3}
    demanding = Fragment.parse(
        '<v:Must xmlns:v="urn:v" xmlns:s="http://www.w3.org/2003/05/soap-envelope" s:mustUnderstand="1"/>'
    )
    assert await post(source, url, encode(DPWS_2006, Headers(ACTION, others=(demanding,)), body(1))) == 500
    assert source.receiver.refused == {"malformed": 3, "unknown": 1}


async def test_what_nobody_expects_brings_nothing_beside_it(source: Source) -> None:
    """So a stranger cannot have a long body read."""
    url = await source.receiver.expect(parse_url(source.url), take)
    kind = 'multipart/related; boundary="b"; type="application/xop+xml"'
    stranger = f"{url[:-1]}{'1' if url[-1] == '0' else '0'}"
    assert await post(source, stranger, b"--b--", kind) == 415
    assert await post(source, url, b"--b--", kind) == 400
    assert source.receiver.refused == {"malformed": 2}


async def test_only_those_who_are_admitted_may_say_anything(source: Source) -> None:
    source.receiver = Receiver(Address(SINK, 0), listen_with=source.web.listen, admit=lambda host: host == "192.0.2.7")
    url = await source.receiver.expect(SOURCE, take)
    assert await post(source, url, encode(DPWS_2006, Headers(ACTION), body(1))) == 403
    assert source.receiver.refused == {"forbidden": 1}


async def test_it_can_be_told_where_to_listen(source: Source) -> None:
    async with Receiver(Address("192.0.2.55", 9000), listen_with=source.web.listen) as receiver:
        url = await receiver.expect(SOURCE, take)
        assert url.startswith("http://192.0.2.55:9000/")
        assert await post(source, url, encode(DPWS_2006, Headers(ACTION), body(1))) == 202
    with pytest.raises(Unreachable):
        await post(source, url, b"")


async def test_a_source_to_which_there_is_no_way() -> None:
    receiver = Receiver()
    with pytest.raises(Unreachable):
        await receiver.expect(parse_url("http://255.255.255.255/"), take)
    assert len(receiver) == 0


async def test_one_that_listens_everywhere_says_how_each_source_reaches_it() -> None:
    web = MemoryNetwork()
    async with Receiver(Address("", 9000), listen_with=web.listen) as receiver:
        url = await receiver.expect(parse_url("http://127.0.0.1/events"), take)
        assert url.startswith("http://127.0.0.1:9000/")


async def test_over_tcp_it_listens_where_the_source_can_reach_it() -> None:
    source = await Source(tcp=True).start()
    async with Receiver() as receiver, source.endpoint() as endpoint:
        async with subscribe(endpoint, ACTION, at=receiver) as events:
            await events.started()
            assert source.subscribes[0].notify_to.address.startswith("http://127.0.0.1:")
            for number in range(3):
                assert await source.tell(body(number)) == (202, None)
            found = await events.next(3)
            assert [each.body is not None and each.body.text for each in found] == ["0", "1", "2"]
        assert await source.tell(body(4)) == (400, source_gone(source))
    await source.aclose()


def source_gone(source: Source) -> SoapFault:
    return destination_unreachable(source.profile, source.subscribes[0].notify_to.address)


async def test_those_who_bring_none_share_one_that_closes_after_them() -> None:
    source = await Source(tcp=True).start()
    shared = Receiver.shared()
    assert Receiver.shared() is shared
    first = subscribe(source.endpoint(), ACTION)
    second = subscribe(source.endpoint(), "urn:x/Other")
    await first.started()
    await second.started()
    assert len(shared) == 2
    assert len({parse_url(each.notify_to.address).port for each in source.subscribes}) == 1
    await first.aclose()
    await second.aclose()
    third = subscribe(source.endpoint(), ACTION)
    await third.started()
    await asyncio.sleep(2 * LINGER_SECONDS)
    assert Receiver.shared() is shared, "somebody came while it waited"
    assert await source.end() == 202
    await asyncio.sleep(2 * LINGER_SECONDS)
    assert Receiver.shared() is not shared
    with pytest.raises(Unreachable):
        await source.tell(body(1))
    await source.aclose()


@pytest.mark.parametrize(
    ("url", "named", "found"),
    [
        ("http://192.0.2.7:80/a", "http://192.0.2.7:81/b", "http://192.0.2.7:81/b"),
        ("http://192.0.2.7:80/a", "http://10.0.0.1:81/b?c", "http://192.0.2.7:81/b?c"),
        ("http://box:80/a", "http://127.0.0.1/b", "http://box:80/b"),
        ("https://box/a", "http://box:80/b", "https://box:443/b"),
        ("http://box/a", "https://box:5358/b", "https://box:5358/b"),
        ("http://[fe80::1%25eth0]:5357/a", "http://[fe80::1]:5357/b", "http://[fe80::1%25eth0]:5357/b"),
        ("http://box/a", "urn:uuid:1", "http://box:80/a"),
    ],
)
async def test_what_a_source_names_is_on_its_own_machine(url: str, named: str, found: str) -> None:
    async with Endpoint(url) as endpoint:
        beside = endpoint.beside(EndpointReference(named))
        assert (beside.url, beside.to.address) == (found, named)


async def test_a_manager_elsewhere_is_asked_at_the_source(source: Source) -> None:
    source.manager = "http://10.9.9.9:5357/elsewhere"
    async with subscribe(source.endpoint(), ACTION, at=source.receiver) as events:
        await events.started()
        await events.get_status()
        assert source.asked[-1][1].headers.to == source.manager
