"""Echoes: what is asked, what becomes of it in documented numbers, and sockets over loopback."""

from __future__ import annotations

import errno
import json
import struct
import sys
import threading
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openwmi.base.error import WbemError
from openwmi.base.limits import PING_SECONDS
from openwmi.base.status import WbemStatus
from openwmi.engine import Engine
from openwmi.engine.provider import Request
from openwmi.engine.registration import shipped_class
from openwmi.providers.host import Host, Kernel
from openwmi.providers.host.ping import (
    Echo,
    LivePing,
    Outcome,
    Ping,
    Probe,
    UnresolvedError,
    checksum,
    echo_of_error,
    outcome_of,
)
from openwmi.providers.network.pingstatus import PingStatusProvider
from openwmi.session import Namespace

Make = Callable[..., Host]
Asking = Callable[..., Request]

NAME = "Win32_PingStatus"


@pytest.fixture
def answer(asking: Asking) -> Callable[..., Mapping[str, Any]]:
    """`answer(host, Address="…")`: the only row, checked by the class."""

    def ask(host: Host, **equalities: object) -> Mapping[str, Any]:
        (row,) = PingStatusProvider(host).instances(asking(NAME, **equalities))
        shipped_class(NAME).instance(row)
        return row

    return ask


class Spy(Ping):
    """Notes what is sent."""

    def __init__(self, echo: Echo | OSError = Echo(Outcome.SILENT)) -> None:  # noqa: B008 - it is immutable
        super().__init__({"names": {"a.example": "192.0.2.1"}})
        self.sent: list[Probe] = []
        self._echo = echo

    def echo(self, probe: Probe) -> Echo:
        self.sent.append(probe)
        if isinstance(self._echo, OSError):
            raise self._echo
        return self._echo


def machine(ping: Ping) -> Host:
    return Host("/no/such/root", kernel=Kernel("n", "6.1"), ping=ping, seconds=0.05)


def test_every_value_of_an_answer(host: Make, answer: Callable[..., Mapping[str, Any]]) -> None:
    assert answer(host("laptop"), Address="router.home.example", ResolveAddressNames=True) == {
        "Address": "router.home.example",
        "BufferSize": 32,
        "NoFragmentation": False,
        "PrimaryAddressResolutionStatus": 0,
        "ProtocolAddress": "192.0.2.1",
        "ProtocolAddressResolved": "router.home.example",
        "RecordRoute": 0,
        "ReplyInconsistency": False,
        "ReplySize": 32,
        "ResolveAddressNames": True,
        "ResponseTime": 2,
        "ResponseTimeToLive": 64,
        "RouteRecord": None,
        "RouteRecordResolved": None,
        "SourceRoute": "",
        "SourceRouteType": 0,
        "StatusCode": 0,
        "Timeout": 1000,
        "TimeStampRecord": None,
        "TimeStampRecordAddress": None,
        "TimeStampRecordAddressResolved": None,
        "TimestampRoute": 0,
        "TimeToLive": 80,
        "TypeofService": 0,
    }


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("192.0.2.1", (0, 0, "192.0.2.1", 2, 64, False)),
        ("2001:db8:1::1", (0, 0, "2001:db8:1::1", 250, 255, True)),
        ("gone.home.example", (11010, 0, "", None, None, None)),
        ("far.example.org", (11013, 0, "192.0.2.1", None, None, None)),
        ("no.such.example", (None, 11001, "", None, None, None)),
    ],
)
def test_what_becomes_of_an_echo(
    address: str, expected: tuple[object, ...], host: Make, answer: Callable[..., Mapping[str, Any]]
) -> None:
    row = answer(host("laptop"), Address=address)
    names = ("StatusCode", "PrimaryAddressResolutionStatus", "ProtocolAddress", "ResponseTime", "ResponseTimeToLive")
    assert tuple(row[name] for name in (*names, "ReplyInconsistency")) == expected
    assert row["ProtocolAddressResolved"] == ""  # nobody asked for it


@pytest.mark.parametrize("outcome", Outcome)
def test_every_outcome_has_a_documented_number(outcome: Outcome, answer: Callable[..., Mapping[str, Any]]) -> None:
    code = answer(machine(Spy(Echo(outcome))), Address="a.example")["StatusCode"]
    assert str(code) in list(shipped_class(NAME).property("StatusCode").qualifiers["ValueMap"].value)


def test_the_numbers_are_those_of_their_words(answer: Callable[..., Mapping[str, Any]]) -> None:
    qualifiers = shipped_class(NAME).property("StatusCode").qualifiers
    words = dict(zip(qualifiers["ValueMap"].value, qualifiers["Values"].value, strict=True))
    expected = {
        Outcome.ANSWERED: "Success",
        Outcome.SILENT: "Request Timed Out",
        Outcome.HOST_UNREACHABLE: "Destination Host Unreachable",
        Outcome.TOO_BIG: "Packet Too Big",
        Outcome.EXPIRED: "TimeToLive Expired Transit",
        Outcome.BAD_DESTINATION: "Bad Destination",
        Outcome.FAILED: "General Failure",
    }
    found = {outcome: answer(machine(Spy(Echo(outcome))), Address="a.example")["StatusCode"] for outcome in expected}
    assert {outcome: words[str(code)] for outcome, code in found.items()} == expected


def test_what_is_asked_is_what_is_sent(answer: Callable[..., Mapping[str, Any]]) -> None:
    spy = Spy()
    given_keys = {"BufferSize": 100, "Timeout": 250, "TimeToLive": 3, "TypeofService": 16, "NoFragmentation": True}
    row = answer(machine(spy), Address="a.example", **given_keys)
    assert spy.sent == [Probe("192.0.2.1", 100, 0.25, 3, 16, is_whole=True)]
    assert {name: row[name] for name in given_keys} == given_keys


def test_nobody_waits_for_a_day(answer: Callable[..., Mapping[str, Any]]) -> None:
    spy = Spy()
    assert answer(machine(spy), Address="a.example", Timeout=0xFFFFFFFF)["Timeout"] == 0xFFFFFFFF
    assert spy.sent[0].seconds == PING_SECONDS


def test_nothing_is_sent_for_keys_alone(asking: Asking) -> None:
    spy = Spy()
    (row,) = PingStatusProvider(machine(spy)).instances(asking(NAME, "Timeout", Address="no.such.example"))
    assert (row["Address"], row["Timeout"], "StatusCode" in row, spy.sent) == ("no.such.example", 1000, False, [])


def test_where_sending_is_not_permitted(
    host: Make, answer: Callable[..., Mapping[str, Any]], caplog: pytest.LogCaptureFixture
) -> None:
    spy = Spy(PermissionError(errno.EPERM, "Operation not permitted"))
    row = answer(machine(spy), Address="a.example")
    assert (row["StatusCode"], row["ResponseTime"], row["PrimaryAddressResolutionStatus"]) == (None, None, 0)
    assert (len(spy.sent), row["ProtocolAddress"]) == (1, "")
    assert "not permitted" in caplog.text
    assert answer(host("container"), Address="192.0.2.1")["StatusCode"] is None  # a recording without echoes


def test_a_name_service_that_does_not_answer(
    answer: Callable[..., Mapping[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("openwmi.providers.network.pingstatus.PING_NAME_SECONDS", 0.02)
    done = threading.Event()

    class Hung(Ping):
        def resolve(self, name: str) -> str:
            done.wait(10)
            return name

    row = answer(machine(Hung()), Address="slow.example")
    done.set()
    assert (row["PrimaryAddressResolutionStatus"], row["StatusCode"]) == (11002, None)


def test_a_name_that_may_have_an_address_later(answer: Callable[..., Mapping[str, Any]]) -> None:
    class Down(Ping):
        def resolve(self, name: str) -> str:
            raise UnresolvedError(name, is_temporary=True)

    assert answer(machine(Down()), Address="a.example")["PrimaryAddressResolutionStatus"] == 11002


@pytest.mark.parametrize(
    ("equalities", "text"),
    [
        ({}, "name one host"),
        ({"Address": ""}, "name one host"),
        ({"Address": None}, "name one host"),
        ({"Address": "192.0.2.1", "RecordRoute": 1}, "RecordRoute"),
        ({"Address": "192.0.2.1", "TimestampRoute": 1}, "TimestampRoute"),
        ({"Address": "192.0.2.1", "SourceRouteType": 1, "SourceRoute": "192.0.2.2"}, "SourceRoute"),
    ],
)
def test_what_is_not_asked(equalities: dict[str, object], text: str, asking: Asking) -> None:
    with pytest.raises(WbemError, match=text) as caught:
        list(PingStatusProvider(machine(Spy())).instances(asking(NAME, **equalities)))
    assert caught.value.status == WbemStatus.PROVIDER_NOT_CAPABLE


async def test_by_query_and_by_path(host: Make) -> None:
    async with Namespace(Engine("HOST1", [PingStatusProvider(host("laptop"))]).session(r"root\cimv2")) as ns:
        query = f"SELECT * FROM {NAME} WHERE Address = 'Router.Home.Example' AND Timeout = 500"
        assert len(await ns.query(query.replace("Router.Home.Example", "router.home.example"))) == 1
        (row,) = await ns.query(f"SELECT * FROM {NAME} WHERE Address = '192.0.2.1' AND Timeout = 500")
        assert (row.StatusCode, row.Timeout) == (0, 500)
        assert await ns.get(row.path_) == row
        assert await ns.query(f"SELECT * FROM {NAME} WHERE Address = '192.0.2.1' AND StatusCode = 11010") == []
        with pytest.raises(WbemError, match="name one host"):
            await ns.query(f"SELECT * FROM {NAME}")


class Meeting(Ping):
    """Answers when as many ask as are to come."""

    def __init__(self, parties: int) -> None:
        super().__init__({"names": {f"{name}.example": f"192.0.2.{at}" for at, name in enumerate("abc")}})
        self._barrier = threading.Barrier(parties)

    def echo(self, probe: Probe) -> Echo:
        self._barrier.wait(5)
        return Echo(Outcome.SILENT)


async def test_several_are_asked_at_once() -> None:
    async with Namespace(Engine("HOST1", [PingStatusProvider(machine(Meeting(3)))]).session(r"root\cimv2")) as ns:
        any_of = " OR ".join(f"Address = '{name}.example'" for name in "abcA")
        rows = await ns.query(f"SELECT Address, StatusCode FROM {NAME} WHERE {any_of}")
        assert [(row.Address, row.StatusCode) for row in rows] == [(f"{name}.example", 11010) for name in "abc"]
        keys = await ns.query(f"SELECT Address FROM {NAME} WHERE ({any_of}) AND Timeout = 7")  # nobody is asked
        assert len(keys) == 3


# ------------------------------------------------------------------------------------------------------------- sockets


@pytest.mark.parametrize(
    ("kind", "code", "is_6", "outcome"),
    [
        (3, 0, False, Outcome.NET_UNREACHABLE),
        (3, 1, False, Outcome.HOST_UNREACHABLE),
        (3, 2, False, Outcome.PROTOCOL_UNREACHABLE),
        (3, 3, False, Outcome.PORT_UNREACHABLE),
        (3, 4, False, Outcome.TOO_BIG),
        (3, 5, False, Outcome.BAD_ROUTE),
        (3, 10, False, Outcome.HOST_UNREACHABLE),
        (3, 13, False, Outcome.NET_UNREACHABLE),
        (4, 0, False, Outcome.SOURCE_QUENCH),
        (11, 0, False, Outcome.EXPIRED),
        (11, 1, False, Outcome.EXPIRED_REASSEMBLY),
        (12, 0, False, Outcome.PARAMETER_PROBLEM),
        (5, 0, False, Outcome.FAILED),
        (1, 0, True, Outcome.NET_UNREACHABLE),
        (1, 3, True, Outcome.HOST_UNREACHABLE),
        (1, 4, True, Outcome.PORT_UNREACHABLE),
        (2, 0, True, Outcome.TOO_BIG),
        (3, 0, True, Outcome.EXPIRED),
        (3, 1, True, Outcome.EXPIRED_REASSEMBLY),
        (4, 1, True, Outcome.PARAMETER_PROBLEM),
        (100, 0, True, Outcome.FAILED),
    ],
)
def test_errors_of_icmp(kind: int, code: int, is_6: bool, outcome: Outcome) -> None:
    assert outcome_of(kind, code, is_6=is_6) is outcome


EXPIRED = struct.pack("=IBBBBII", errno.EHOSTUNREACH, 2, 11, 0, 0, 0, 0)
OFFENDER = struct.pack("=HH4s8x", 2, 0, bytes([192, 0, 2, 254]))


def test_an_error_in_the_queue_of_a_socket() -> None:
    assert echo_of_error(EXPIRED + OFFENDER, is_6=False) == Echo(Outcome.EXPIRED, "192.0.2.254")
    of_6 = struct.pack("=IBBBBII", 0, 3, 1, 0, 0, 0, 0) + struct.pack("=HHI", 10, 0, 0) + bytes(15) + b"\1" + bytes(4)
    assert echo_of_error(of_6, is_6=True) == Echo(Outcome.NET_UNREACHABLE, "::1")
    local = struct.pack("=IBBBBII", errno.EMSGSIZE, 1, 0, 0, 0, 1500, 0)
    assert echo_of_error(local, is_6=False) == Echo(Outcome.TOO_BIG)


def test_an_error_that_is_cut_off() -> None:
    whole = EXPIRED + OFFENDER
    for length in range(len(whole)):
        found = echo_of_error(whole[:length], is_6=False)
        if length < len(EXPIRED):
            assert found == Echo(Outcome.FAILED)
        elif length < len(EXPIRED) + 8:
            assert found == Echo(Outcome.EXPIRED)
        else:
            assert found == Echo(Outcome.EXPIRED, "192.0.2.254")


@given(st.binary(max_size=99))
def test_a_checksum_makes_the_sum_zero(octets: bytes) -> None:
    even = octets + bytes(len(octets) % 2)
    assert checksum(even + struct.pack(">H", checksum(even))) == 0


def test_names_of_a_recording() -> None:
    ping = Ping({"names": {"a.example": "192.0.2.1"}})
    assert (ping.resolve("a.example"), ping.resolve("2001:DB8::1")) == ("192.0.2.1", "2001:db8::1")
    assert (ping.name_of("192.0.2.1"), ping.name_of("192.0.2.2")) == ("a.example", "")
    with pytest.raises(UnresolvedError, match=r"b\.example"):
        ping.resolve("b.example")
    with pytest.raises(PermissionError):
        ping.echo(Probe("192.0.2.1"))


def test_a_host_has_the_ping_that_fits_it(host: Make) -> None:
    assert type(host("laptop").ping) is Ping
    assert type(Host("/no/such/root", kernel=Kernel("n", "6.1")).ping) is Ping
    if sys.platform == "linux":
        assert isinstance(Host().ping, LivePing)


def loopback(address: str, **of_probe: Any) -> Echo:
    try:
        return LivePing().echo(Probe(address, **of_probe))
    except OSError as error:
        pytest.skip(f"this process may not send echoes: {error}")


@pytest.mark.skipif(sys.platform != "linux", reason="the sockets are those of Linux")
@pytest.mark.parametrize("size", [0, 1, 32, 5000])
def test_this_machine_answers_itself(size: int) -> None:
    echo = loopback("127.0.0.1", size=size)
    assert (echo.outcome, echo.address, echo.size, echo.is_intact) == (Outcome.ANSWERED, "127.0.0.1", size, True)
    assert echo.seconds is not None
    assert 0 <= echo.seconds < 1
    assert echo.hops in range(1, 256)


@pytest.mark.skipif(sys.platform != "linux", reason="the sockets are those of Linux")
def test_this_machine_answers_itself_over_ipv6() -> None:
    echo = loopback("::1")
    if echo.outcome is not Outcome.ANSWERED:
        pytest.skip(f"there is no IPv6 here: {echo.outcome}")
    assert (echo.address, echo.size, echo.is_intact) == ("::1", 32, True)
    assert echo.hops in range(1, 256)


@pytest.mark.skipif(sys.platform != "linux", reason="the sockets are those of Linux")
def test_what_this_machine_does_not_send() -> None:
    assert loopback("127.0.0.1", hops=0) == Echo(Outcome.BAD_OPTION)
    assert loopback("127.0.0.1", hops=0xFFFFFFFF) == Echo(Outcome.BAD_OPTION)
    assert loopback("127.0.0.1", service=256) == Echo(Outcome.BAD_OPTION)
    assert loopback("127.0.0.1", size=0xFFFFFFFF) == Echo(Outcome.TOO_BIG)
    assert loopback("no address") == Echo(Outcome.BAD_DESTINATION)
    assert loopback("127.0.0.1", seconds=0) == Echo(Outcome.SILENT)


@pytest.mark.parametrize("name", ["a" * 64 + ".invalid", "nul\0.invalid", "\udcff.invalid"])
def test_names_that_are_none(name: str) -> None:
    with pytest.raises(UnresolvedError):
        LivePing().resolve(name)


def test_the_recording_of_a_host_says_what_an_echo_has(host: Make) -> None:
    changed = host("container", f"== @ping\n{json.dumps({'echoes': {'192.0.2.8': {'size': 5, 'seconds': 1.5}}})}\n")
    assert changed.ping.echo(Probe("192.0.2.8")) == Echo(Outcome.ANSWERED, "192.0.2.8", 5, 1.5, None, is_intact=True)
