"""Win32_PingStatus: asking for it sends an echo. Page win32-pingstatus.

A query names the Address, and may name the other keys; what it does not name is as the class declares it::

    SELECT StatusCode, ResponseTime FROM Win32_PingStatus WHERE Address = "gateway.example" AND Timeout = 500

With OR between several they are asked at once, as on Windows.
Nothing is sent for a query that reads keys alone. Where this process may not send, StatusCode is NULL.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from openwmi.base.case import fold
from openwmi.base.error import WbemError
from openwmi.base.limits import PING_NAME_SECONDS, PING_SECONDS
from openwmi.base.status import WbemStatus
from openwmi.engine.provider import Request
from openwmi.providers.host import Host, SilentError
from openwmi.providers.host.ping import Echo, Outcome, Probe, UnresolvedError
from openwmi.providers.reading import Column, HostProvider, Null, Reads, Table

log = logging.getLogger("openwmi.providers")

_CODES = {
    Outcome.ANSWERED: 0,
    Outcome.NET_UNREACHABLE: 11002,
    Outcome.HOST_UNREACHABLE: 11003,
    Outcome.PROTOCOL_UNREACHABLE: 11004,
    Outcome.PORT_UNREACHABLE: 11005,
    Outcome.NO_RESOURCES: 11006,
    Outcome.BAD_OPTION: 11007,
    Outcome.TOO_BIG: 11009,
    Outcome.SILENT: 11010,
    Outcome.BAD_ROUTE: 11012,
    Outcome.EXPIRED: 11013,
    Outcome.EXPIRED_REASSEMBLY: 11014,
    Outcome.PARAMETER_PROBLEM: 11015,
    Outcome.SOURCE_QUENCH: 11016,
    Outcome.BAD_DESTINATION: 11018,
    Outcome.FAILED: 11050,
}

_RESOLVED, _NOT_FOUND, _TRY_AGAIN = 0, 11001, 11002
"""PrimaryAddressResolutionStatus, of which the page says that 0 is success: the numbers of Windows Sockets."""

_UNSUPPORTED = ("RecordRoute", "TimestampRoute", "SourceRouteType", "SourceRoute")


class Call:
    """One question: the keys that say it, and, asked for when somebody reads it, its answer."""

    def __init__(self, host: Host, keys: Mapping[str, object]) -> None:
        self.host = host
        self.keys = keys
        # No cached_property, which lets threads wait for each other.
        self._resolved: tuple[str, int] | None = None
        self._echo: tuple[Echo | None] | None = None

    @property
    def identity(self) -> tuple[object, ...]:
        """The same for two of the same keys."""
        return tuple(fold(value) if isinstance(value, str) else value for value in self.keys.values())

    def number(self, name: str) -> int:
        found = self.keys[name]
        return found if isinstance(found, int) else 0

    @property
    def resolved(self) -> tuple[str, int]:
        """The address, empty if there is none, and what became of the search for it."""
        if self._resolved is None:
            self._resolved = self._resolve()
        return self._resolved

    @property
    def echo(self) -> Echo | None:
        """None where there is no address, or this process must not send."""
        if self._echo is None:
            self._echo = (self._ask(),)
        return self._echo[0]

    @property
    def answer(self) -> Echo | None:
        """What came back from the one that was asked."""
        return self.echo if self.echo is not None and self.echo.outcome is Outcome.ANSWERED else None

    def _resolve(self) -> tuple[str, int]:
        name = str(self.keys["Address"])
        question = f"the address of {name}"
        try:
            return self.host.ask(lambda: self.host.ping.resolve(name), question, PING_NAME_SECONDS).get(), _RESOLVED
        except UnresolvedError as error:
            return "", _TRY_AGAIN if error.is_temporary else _NOT_FOUND
        except SilentError as error:
            log.warning("Win32_PingStatus: %s", error)
            return "", _TRY_AGAIN

    def _ask(self) -> Echo | None:
        address, _ = self.resolved
        if not address:
            return None
        probe = Probe(
            address,
            self.number("BufferSize"),
            min(self.number("Timeout") / 1000, PING_SECONDS),
            self.number("TimeToLive"),
            self.number("TypeofService"),
            bool(self.keys["NoFragmentation"]),
        )
        try:
            return self.host.ping.echo(probe)
        except OSError as error:
            log.warning("Win32_PingStatus: no echo can be asked for: %s: NULL", error)
            return None


def _milliseconds(call: Call) -> int | None:
    found = call.answer
    return None if found is None or found.seconds is None else int(found.seconds * 1000)


def _replier(call: Call) -> str:
    return call.echo.address if call.echo else ""


def _name(call: Call) -> str:
    """Only where it is asked for, since that may take a while."""
    address = _replier(call) if call.keys["ResolveAddressNames"] else ""
    if not address:
        return ""
    question = f"the name of {address}"
    return call.host.bounded(lambda: call.host.ping.name_of(address), question, PING_NAME_SECONDS)


def _inconsistent(call: Call) -> bool | None:
    found = call.answer
    return None if found is None or found.is_intact is None else not found.is_intact


_KEYS = {
    "Address": "the query, which must name it",
    "BufferSize": "the query, else 32 octets",
    "NoFragmentation": "the query, else false",
    "RecordRoute": "always 0",
    "ResolveAddressNames": "the query, else false",
    "SourceRoute": 'always ""',
    "SourceRouteType": "always 0",
    "Timeout": "the query, else 1000 ms; a minute is waited at most",
    "TimestampRoute": "always 0",
    "TimeToLive": "the query, else 80",
    "TypeofService": "the query, else 0",
}
_NOT_RECORDED = Null("routes and times are not recorded")
_NO_ANSWER = "NULL without an answer"


def _key(name: str) -> Column[Call]:
    return Reads(_KEYS[name], lambda call: call.keys[name])


TABLE: Table[Call] = {
    **{name: _key(name) for name in _KEYS},
    "PrimaryAddressResolutionStatus": Reads(
        "the name service: 0, or 11001 where there is no such name, or 11002 where it did not answer",
        lambda call: call.resolved[1],
    ),
    "ProtocolAddress": Reads('ICMP: who answered, if only with an error; "" if nobody did', _replier),
    "ProtocolAddressResolved": Reads('the name of ProtocolAddress if ResolveAddressNames is true, else ""', _name),
    "ReplyInconsistency": Reads(f"whether other data came back; {_NO_ANSWER}", _inconsistent),
    "ReplySize": Reads(f"octets of data in the answer; {_NO_ANSWER}", lambda it: it.answer.size if it.answer else None),
    "ResponseTime": Reads(f"a clock, in whole milliseconds; {_NO_ANSWER}", _milliseconds),
    "ResponseTimeToLive": Reads(
        f"the hop limit of the answer; {_NO_ANSWER}", lambda it: it.answer.hops if it.answer else None
    ),
    "StatusCode": Reads(
        "the answer, an error of ICMP, or of the kernel; NULL where the address is not known, or where this process "
        "may not send: see net.ipv4.ping_group_range, CAP_NET_RAW",
        lambda call: None if call.echo is None else _CODES[call.echo.outcome],
    ),
    "RouteRecord": _NOT_RECORDED,
    "RouteRecordResolved": _NOT_RECORDED,
    "TimeStampRecord": _NOT_RECORDED,
    "TimeStampRecordAddress": _NOT_RECORDED,
    "TimeStampRecordAddressResolved": _NOT_RECORDED,
}

_ANSWERED = [name for name in TABLE if name not in _KEYS and name != "PrimaryAddressResolutionStatus"]


class PingStatusProvider(HostProvider[Call]):
    """One echo to each Address that is asked for."""

    cim_class = "Win32_PingStatus"
    table = TABLE

    def samples(self, request: Request) -> Sequence[Call]:
        calls: dict[tuple[object, ...], Call] = {}
        for each in request.choices or (request.equalities,):
            call = self._call(request, each)
            calls.setdefault(call.identity, call)
        found = list(calls.values())
        if len(found) > 1 and request.wants(*_ANSWERED):
            with ThreadPoolExecutor(len(found)) as pool:
                for _ in pool.map(lambda call: call.echo, found):
                    pass
        return found

    def find(self, request: Request, keys: Mapping[str, object]) -> Call:
        return self._call(request, keys)

    def _call(self, request: Request, given: Mapping[str, object]) -> Call:
        """WbemError(PROVIDER_NOT_CAPABLE) for what nobody can be asked, or is not done."""
        keys = {name: given.get(name, request.cim_class.property(name).default) for name in _KEYS}
        if not isinstance(keys["Address"], str) or not keys["Address"]:
            raise WbemError(
                WbemStatus.PROVIDER_NOT_CAPABLE,
                "Win32_PingStatus is not listed as a whole: name one host, as in WHERE Address = '192.0.2.1'",
            )
        asked = [name for name in _UNSUPPORTED if keys[name]]
        if asked:
            raise WbemError(
                WbemStatus.PROVIDER_NOT_CAPABLE,
                f"Win32_PingStatus.{asked[0]}: routes and times are neither recorded nor set here: leave it out",
            )
        return Call(self.host, keys)
