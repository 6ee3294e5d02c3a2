"""Logging in over HTTP: Negotiate and NTLM at both ends, Digest and Basic at ours."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from tests.wsd.devices import OURS, World
from tests.wsd.test_wsd_endpoint import BODY, ECHO, Echo

from openwmi.base.error import AccessDenied
from openwmi.net import Address
from openwmi.net.http import Request, Response, Url, parse_url
from openwmi.net.http_client import HttpClient
from openwmi.net.http_login import Challenge, Door, parse_challenges
from openwmi.net.http_server import HttpServer
from openwmi.security import ServerNames, User, nt_hash
from openwmi.testing import MemoryNetwork
from openwmi.wsd import Endpoint, Outbound
from openwmi.wsd.login import Account, LoginGate

NAMES = ServerNames.of_host("box.example")


class Users:
    """One account."""

    def lookup(self, domain: str, name: str, computer: str) -> User | None:
        return User("Domain", "User", nt_hash("Password")) if name == "User" else None


@asynccontextmanager
async def guarded(account: Account | None) -> AsyncIterator[tuple[Echo, Endpoint, HttpClient]]:
    service = Echo()
    world = World(services=[service], gate=LoginGate(Users(), NAMES))
    async with world.host, HttpClient(connect=world.web.connect, authenticator=account, connections=1) as http:
        yield service, Endpoint(world.host.url(service), http=http), http


@pytest.mark.parametrize("scheme", ["ntlm", "negotiate"])
async def test_a_connection_is_logged_in(scheme: str) -> None:
    account = Account("User", "Password", "Domain", schemes=[scheme], kerberos=False)
    async with guarded(account) as (service, endpoint, http):
        for _ in range(3):
            await endpoint.two_way(ECHO, BODY)
        assert [(call.principal, call.scheme) for call in service.calls] == [("Domain\\User", scheme)] * 3
        assert http.opened == 1


@pytest.mark.parametrize("account", [None, Account("User", "wrong", "Domain", kerberos=False), Account(kerberos=False)])
async def test_others_are_not(account: Account | None) -> None:
    async with guarded(account) as (service, endpoint, _):
        with pytest.raises(AccessDenied):
            await endpoint.two_way(ECHO, BODY)
        assert service.calls == []


async def test_what_may_be_long_waits_for_it() -> None:
    account = Account("User", "Password", "Domain", kerberos=False)
    asked = 0

    async def pieces() -> AsyncIterator[bytes]:
        nonlocal asked
        asked += 1
        yield bytes(100_000)

    async with guarded(account) as (service, endpoint, _):
        for _ in range(2):
            await endpoint.two_way(ECHO, BODY, attachments=[Outbound("a@x", pieces)])
        assert len(service.calls) == asked == 2


async def test_a_login_that_is_cancelled() -> None:
    account = Account("User", "Password", "Domain")  # which may ask a KDC, and so in a thread
    async with guarded(account) as (service, endpoint, _):
        operation = endpoint.two_way(ECHO, BODY)
        await asyncio.sleep(0)
        operation.cancel()
        await asyncio.sleep(1)
        assert service.calls == []


# --------------------------------------------------------------------------------------------------- Digest and Basic


class Porter:
    """A server that wants what the test says."""

    scheme = ""

    def __init__(self, *challenges: str, right: str) -> None:
        self.challenges = challenges
        self.right = right
        self.heard: list[str] = []

    def __call__(self, peer: str, secure: bool) -> Door:
        return self

    async def admit(self, request: Request) -> str | Response:
        given = request.header("authorization")
        self.heard.append(given)
        if self.right in given and given:
            return "somebody"
        return Response(401, tuple(("WWW-Authenticate", each) for each in self.challenges))


async def sent(porter: Porter, account: Account, times: int = 1) -> list[int]:
    network = MemoryNetwork()

    async def answer(request: Request, peer: Address, local: Address) -> Response:
        return Response(200, (), request.body)

    server = HttpServer(answer, gate=porter)
    await server.listen(Address(OURS, 80), listen_with=network.listen)
    try:
        async with HttpClient(connect=network.connect, authenticator=account) as http:
            url = parse_url(f"http://{OURS}/dir/index.html")
            request = Request("GET", url.target, (), b"")
            return [(await http.send(url, request, timeout=5, limit=100)).status for _ in range(times)]
    finally:
        await server.close()


# RFC 7616, 3.9.1.
DIGEST = (
    'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm={}, '
    'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
)
MUFASA: dict[str, Any] = {"user": "Mufasa", "password": "Circle of Life", "kerberos": False}


@pytest.mark.parametrize(
    ("algorithm", "response"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
async def test_a_digest(algorithm: str, response: str) -> None:
    account = Account(**MUFASA, cnonce=lambda: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ")
    porter = Porter(DIGEST.format(algorithm), right=response)
    assert await sent(porter, account) == [200]
    assert "nc=00000001" in porter.heard[-1]
    assert 'uri="/dir/index.html"' in porter.heard[-1]


async def test_a_digest_is_counted_and_not_asked_for_again() -> None:
    porter = Porter(DIGEST.format("SHA-256"), right="Mufasa")
    assert await sent(porter, Account(**MUFASA), 3) == [200] * 3
    assert [heard.partition("nc=")[2] for heard in porter.heard] == ["", "00000001", "00000002", "00000003"]


async def test_a_digest_without_more() -> None:
    porter = Porter('Digest realm="r", nonce="n"', right="response")
    assert await sent(porter, Account(**MUFASA)) == [200]
    assert "qop" not in porter.heard[-1]


@pytest.mark.parametrize(
    "challenge",
    [
        'Digest realm="r", nonce="n", algorithm=SHA-1024',
        'Digest realm="r", nonce="n", qop="auth-int"',
        'Digest realm="r"',
        'Digest realm="r\\"", nonce="n"',
        'Basic realm="r"',  # not without TLS
        "Bearer",
        "nonsense!",
        "",
    ],
)
async def test_challenges_that_cannot_be_met(challenge: str) -> None:
    porter = Porter(challenge, right="anything")
    with suppress(AccessDenied):
        assert await sent(porter, Account(**MUFASA)) == [401]
    assert porter.heard == [""]


async def test_a_password_that_is_wrong_is_sent_once() -> None:
    porter = Porter(DIGEST.format("MD5"), right="nobody")
    with pytest.raises(AccessDenied):
        await sent(porter, Account(**MUFASA))
    assert len(porter.heard) == 2


async def test_a_password_in_clear() -> None:
    porter = Porter('Basic realm="r"', right="Basic TXVmYXNhOkNpcmNsZSBvZiBMaWZl")
    assert await sent(porter, Account(**MUFASA, clear=True)) == [200]


async def test_the_best_way_is_taken() -> None:
    porter = Porter("Basic realm=r, " + DIGEST.format("MD5"), right="Digest")
    assert await sent(porter, Account(**MUFASA, clear=True)) == [200]


def test_a_password_in_clear_over_tls() -> None:
    url = Url(True, "a", 443)
    login = Account(**MUFASA).login(url)
    found = login.answer(url, Request("GET", "/"), (Challenge("basic"),))
    assert found is not None
    assert found.value.startswith("Basic ")


@pytest.mark.parametrize(
    ("values", "found"),
    [
        (["Negotiate", "NTLM"], [("negotiate", "", {}), ("ntlm", "", {})]),
        (["Negotiate, NTLM"], [("negotiate", "", {}), ("ntlm", "", {})]),
        (["NTLM TlRMTVNTUAAC=="], [("ntlm", "TlRMTVNTUAAC==", {})]),
        (
            ['Basic realm="a, b=\\"c\\"", charset=UTF-8, Digest realm=x , nonce = "n"'],
            [
                ("basic", "", {"realm": 'a, b="c"', "charset": "UTF-8"}),
                ("digest", "", {"realm": "x", "nonce": "n"}),
            ],
        ),
        (["", ",", "@"], []),
    ],
)
def test_challenges(values: list[str], found: list[tuple[str, str, dict[str, str]]]) -> None:
    assert [(each.scheme, each.token, dict(each.parameters)) for each in parse_challenges(values)] == found
