"""Checks of servers that are unlike most: unprotected, elsewhere, slow, or lost half-way."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import replace
from functools import partial

import pytest
from tests.client.doctor.patient import looked_at, served, visit_to

from openwmi.base.error import AccessDenied
from openwmi.base.fault import RemoteProtocolError
from openwmi.base.status import HResult, WbemStatus
from openwmi.client import Credentials
from openwmi.client.doctor import Status, Visit, examine
from openwmi.client.doctor.checks import port, provider, results, speed
from openwmi.client.doctor.denied import Layer
from openwmi.client.doctor.table import CHECKS
from openwmi.model import CimClass
from openwmi.net import Address
from openwmi.server import Server


def test_a_server_that_lets_the_unprotected_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("openwmi.testing.wmiserver.Server", partial(Server, legacy=True))
    with served() as server:
        finding = looked_at(server)["levels"]
    assert finding.facts == {"CONNECT": 0, "PKT": 0, "PKT_INTEGRITY": 0, "PKT_PRIVACY": 0}
    assert "not in force" in finding.text
    assert "--legacy" in finding.todo


def test_a_connection_that_is_lost_says_nothing_of_levels() -> None:
    with served() as server:
        server.fault(call="RemoteCreateInstance", number=2, disconnect=True)
        findings = looked_at(server)
    assert (findings["levels"].status, findings["levels"].code) == (Status.FAILED, HResult.RPC_S_CALL_FAILED)
    assert findings["namespace"].status is Status.OK, "it had a connection of its own"


def test_objects_at_a_port_of_their_own() -> None:
    with served() as server:
        assert server._thread is not None
        other = server._thread.run(server._server.listen(Address(server.host, 0), objects=True))
        finding = looked_at(server)["objects"]
    assert finding.facts["same_port"] is False
    assert finding.names == {"way": [str(other)]}


def test_over_ipv6() -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6")
    with served(host="::1") as server:
        findings = looked_at(server)
    assert {each.status for each in findings.values()} == {Status.OK, Status.SKIPPED}
    assert findings["name"].facts == {"name": False, "ipv4": 0, "ipv6": 1}


@pytest.mark.parametrize(
    ("operation", "layer"), [("IWbemLevel1Login.NTLMLogin", Layer.NAMESPACE), (None, Layer.ACCESS)]
)
def test_whoever_refuses_a_namespace(operation: str | None, layer: Layer) -> None:
    """A fault of RPC says that nobody was asked for the namespace yet."""
    check = next(each for each in CHECKS if each.name == "namespace")
    assert check.layer_of is not None
    assert check.layer_of(AccessDenied(HResult.E_ACCESSDENIED, "no", operation=operation)) is layer


def test_a_call_that_is_not_ready_is_polled_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "MILLISECONDS", 100)
    with served() as server:
        server.fault(of="__SystemClass", delay=0.15)
        finding = looked_at(server)["results"]
    assert finding.status is Status.OK
    assert finding.facts["polls"] in range(2, 6)


def test_a_call_that_does_not_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "MILLISECONDS", 10)
    with served() as server:
        server.fault(of="__SystemClass", delay=60.0)
        checks = [each for each in CHECKS if each.name != "smartenum"]  # which would wait for it, too
        findings = asyncio.run(examine(visit_to(server), checks=checks))
    finding = next(each for each in findings if each.check == "results")
    assert (finding.status, finding.code) == (Status.FAILED, WbemStatus.TIMED_OUT)
    assert "the call has not ended within 0.05 s" in finding.text


def test_a_long_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speed, "LONG", 0.0)
    with served() as server:
        finding = looked_at(server)["speed"]
    assert (finding.status, finding.todo) == (Status.SLOW, speed.LONG_TODO)


def test_a_call_that_is_answered_otherwise() -> None:
    with served() as server:
        server.fault(call="CancelAsyncCall", error=WbemStatus.FAILED)
        finding = looked_at(server)["statuses"]
    assert finding.status is Status.OK
    assert finding.text == "5 of 6 wrong calls are answered as documented; not cancel_nothing"
    assert finding.facts["cancel_nothing"] == WbemStatus.FAILED


class Closing:
    """A connection."""

    def close(self) -> None:
        pass


def test_a_name_with_many_addresses() -> None:
    """A name server may say what it likes."""
    tried: list[str] = []

    async def connect(_: object, host: str, *__: object) -> tuple[Closing, object]:
        tried.append(host)
        return Closing(), None

    visit = Visit(Address("srv1", 135), Credentials("me", "x"), connect=connect)  # type: ignore[arg-type]  # its kind
    visit.addresses = tuple(f"192.0.2.{number}" for number in range(100))
    check = next(each for each in CHECKS if each.name == "port")
    (finding,) = asyncio.run(examine(visit, checks=[replace(check, needs=())]))
    assert finding.facts == {"addresses": port.MOST, "open": port.MOST}
    assert tried == list(visit.addresses[: port.MOST])


def test_a_class_where_an_instance_is_wanted() -> None:
    with pytest.raises(RemoteProtocolError, match="a class came"):
        provider._size(CimClass("Test_Thing"))
