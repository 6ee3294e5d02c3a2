"""Which call takes which flags, and how it answers: the rules of IWbemServices' modes as data ([MS-WMI] 3.1.4.3).

For every face of a session, over the wire or not: what a method is asked with becomes `Asked`, or is refused. Where the
SDK's page of a method has a flag more than [MS-WMI], that is allowed, too; where both speak and differ, [MS-WMI] holds.
Nothing here knows how a face spells a call, nor runs one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import Final

from openwmi.base.error import WbemError
from openwmi.base.status import HResult, WbemStatus
from openwmi.model import ChangeFlag
from openwmi.operation import CallFlags

INFINITE: Final = 0xFFFFFFFF
"""WBEM_INFINITE ([MS-WMI] 2.2.8): as a time in milliseconds, for ever."""

IGNORED: Final = 0x1F040
"""WBEM_FLAG_NO_ERROR_OBJECT and WBEM_MASK_RESERVED_FLAGS: "MUST be ignored on receipt" ([MS-WMI] 2.2.6).

The SDK's WBEM_FLAG_OWNER_UPDATE of providers that push their classes is one of the reserved ones.
"""

SHALLOW: Final = 0x01
"""WBEM_FLAG_SHALLOW ([MS-WMI] 2.2.9)."""


class Results(Enum):
    """Where the results of a method go."""

    ONE = "an out parameter, or an IWbemCallResult"
    MANY = "an IEnumWbemClassObject"
    PUSHED = "an IWbemObjectSink"


class Gives(Enum):
    """What a call brings besides its status: for which getter of IWbemCallResult ([MS-WMI] 3.1.4.5), or to a sink."""

    NOTHING = "nothing but its status"
    OBJECT = "objects"
    STRING = "the path of an instance"
    SERVICES = "the services of a namespace"


class Through(Enum):
    """When a call with one result that was not told to return at once answers by an IWbemCallResult after all."""

    WANTED = "when ppCallResult is not NULL"
    ALONE = "when ppCallResult is not NULL and nothing else would take the result"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Asked:
    """The flags of one call, each kind by itself: their values overlap."""

    flags: CallFlags
    changes: ChangeFlag
    shallow: bool


@dataclass(frozen=True, slots=True)
class CallRule:
    """One method of IWbemServices.

    Attributes:
        method: its name.
        section: of [MS-WMI].
        results: where they go.
        flags: those that may be set.
        needed: those of them that must be set.
        dropped: those of them that have no effect.
        changes: the flags of a put that may be set.
        has_shallow: whether SHALLOW may be set.
        gives: what it brings.
        through: when it answers by an IWbemCallResult.
        needs_out: whether its other out parameter may not be NULL when it is waited for.
        runs_on: whether cancelling it only ends what its sink hears, and leaves the provider alone (the SDK's page of
            CancelAsyncCall; [MS-WMI] is silent).
    """

    method: str
    section: str
    results: Results
    flags: CallFlags
    needed: CallFlags = CallFlags.NONE
    dropped: CallFlags = CallFlags.NONE
    changes: ChangeFlag = ChangeFlag.CREATE_OR_UPDATE
    has_shallow: bool = False
    gives: Gives = Gives.NOTHING
    through: Through = Through.NEVER
    needs_out: bool = False
    runs_on: bool = False
    _known: dict[int, Asked] = field(default_factory=dict, compare=False, repr=False)

    def read(self, value: int) -> Asked:
        """What lFlags, signed or not, asks for. INVALID_PARAMETER for bits that do not belong to this call.

        "Any other DWORD value that does not match a flag condition MUST be treated as not valid."
        """
        known = self._known.get(value)  # taking IntFlags apart costs microseconds
        if known is None:
            known = self._read(value)
            if not value & ~self._allowed:  # few combinations, whoever asks
                self._known[value] = known
        return known

    def by_call_result(self, asked: Asked, *, call_result: bool, out: bool = True) -> bool:
        """Whether the call answers by an IWbemCallResult, at once; else it is waited for.

        Args:
            asked: its flags.
            call_result: whether ppCallResult is not NULL.
            out: whether its other out parameter is not NULL.

        INVALID_PARAMETER for pointers that do not fit the flags.
        """
        if CallFlags.RETURN_IMMEDIATELY in asked.flags:
            if not call_result:
                raise self._unfit("WBEM_FLAG_RETURN_IMMEDIATELY needs a ppCallResult that is not NULL")
            return True
        if call_result and (self.through is Through.WANTED or (self.through is Through.ALONE and not out)):
            return True
        if self.needs_out and not out:
            raise self._unfit("a call that is waited for needs an out parameter for its result")
        return False

    def _read(self, value: object) -> Asked:
        if not isinstance(value, int) or not -(1 << 31) <= value < 1 << 32:
            raise self._unfit(f"lFlags is a number of 32 bits, not {value!r}")
        bits = value & 0xFFFFFFFF
        unknown = bits & ~(self._allowed | IGNORED)
        if unknown:
            raise self._unfit(f"flags 0x{unknown:X} do not belong to this call")
        flags, changes = self.flags & bits, self.changes & bits
        if self.needed & ~flags:
            raise self._unfit(f"it must be called with {_names(self.needed)}")
        for pair in EXCLUSIVE:
            if changes & pair == pair:
                raise self._unfit(f"{_names(pair)} exclude each other")
        return Asked(flags & ~self.dropped, changes, self.has_shallow and bool(bits & SHALLOW))

    @property
    def _allowed(self) -> int:
        return int(self.flags) | int(self.changes) | (SHALLOW if self.has_shallow else 0)

    def _unfit(self, why: str) -> WbemError:
        return WbemError(WbemStatus.INVALID_PARAMETER, f"{self.method}: {why}")


EXCLUSIVE: Final = (
    ChangeFlag.UPDATE_ONLY | ChangeFlag.CREATE_ONLY,
    ChangeFlag.UPDATE_SAFE_MODE | ChangeFlag.UPDATE_FORCE_MODE,
)
"""Flags of which a put has one at most ([MS-WMI] 3.1.4.3.6)."""


def seconds(timeout: int) -> float | None:
    """A time in milliseconds, signed or not, as seconds; None for INFINITE. INVALID_PARAMETER for what is no time."""
    given: object = timeout
    if isinstance(given, int) and not isinstance(given, bool):
        if 0 <= given <= 0x7FFFFFFF:
            return given / 1000
        if given in (INFINITE, -1):
            return None
    raise WbemError(
        WbemStatus.INVALID_PARAMETER,
        f"lTimeout is a time in milliseconds, or WBEM_INFINITE (0xFFFFFFFF), and not {given!r}",
    )


def returned_at_once(status: WbemStatus | HResult | int) -> bool:
    """Whether an asynchronous method returns such a failure itself, from before it has started.

    What it is asked with is looked at before: parameters, rights, limits. "The following validation happens
    asynchronously" stands above everything else that may be wrong, such as the text of a query ([MS-WMI] 3.1.4.3.19) or
    a path (3.1.4.3.5): that is told to the sink.
    """
    return status in _AT_ONCE


_AT_ONCE = frozenset(
    {
        WbemStatus.INVALID_PARAMETER,
        WbemStatus.INVALID_QUERY_TYPE,
        WbemStatus.ACCESS_DENIED,
        WbemStatus.QUOTA_VIOLATION,
        WbemStatus.SERVER_TOO_BUSY,
        WbemStatus.SHUTTING_DOWN,
        # The session was closed.
        WbemStatus.INVALID_OPERATION,
    }
)


def _names(flags: CallFlags | ChangeFlag) -> str:
    return " and ".join(f"WBEM_FLAG_{each.name}" for each in flags)


_AMENDED = CallFlags.USE_AMENDED_QUALIFIERS
_READ = _AMENDED | CallFlags.DIRECT_READ
_IMMEDIATELY = CallFlags.RETURN_IMMEDIATELY
_ENUM = _IMMEDIATELY | CallFlags.FORWARD_ONLY
_STATUS = CallFlags.SEND_STATUS
# ENSURE_LOCATABLE only the SDK's page has.
_QUERY = _READ | CallFlags.PROTOTYPE | CallFlags.ENSURE_LOCATABLE
_PUT = ChangeFlag.UPDATE_ONLY | ChangeFlag.CREATE_ONLY
_PUT_CLASS = _PUT | ChangeFlag.UPDATE_SAFE_MODE | ChangeFlag.UPDATE_FORCE_MODE

_ONE, _MANY, _PUSHED = Results.ONE, Results.MANY, Results.PUSHED
_WANTED, _OBJECT = Through.WANTED, Gives.OBJECT

_RULES = (
    # The table of ppResult in 3.1.4.3.1 says NULL without the flag, and its last paragraph that the result comes
    # through it "regardless whether WBEM_FLAG_RETURN_IMMEDIATELY is set". The SDK's page is with the paragraph.
    CallRule("OpenNamespace", "3.1.4.3.1", _ONE, _IMMEDIATELY, gives=Gives.SERVICES, through=_WANTED, needs_out=True),
    # Its table says NULL without the flag. The SDK's example of a semisynchronous call passes no flag, and NULL for
    # ppObject: the result then has no other way.
    CallRule("GetObject", "3.1.4.3.4", _ONE, _READ | _IMMEDIATELY, gives=_OBJECT, through=Through.ALONE),
    CallRule("GetObjectAsync", "3.1.4.3.5", _PUSHED, _READ | _STATUS, gives=_OBJECT),
    CallRule("PutClass", "3.1.4.3.6", _ONE, _AMENDED | _IMMEDIATELY, changes=_PUT_CLASS, through=_WANTED),
    CallRule("PutClassAsync", "3.1.4.3.7", _PUSHED, _AMENDED | _STATUS, changes=_PUT_CLASS),
    CallRule("DeleteClass", "3.1.4.3.8", _ONE, _IMMEDIATELY, through=_WANTED),
    CallRule("DeleteClassAsync", "3.1.4.3.9", _PUSHED, _STATUS),
    CallRule("CreateClassEnum", "3.1.4.3.10", _MANY, _AMENDED | _ENUM, has_shallow=True, gives=_OBJECT),
    CallRule("CreateClassEnumAsync", "3.1.4.3.11", _PUSHED, _AMENDED | _STATUS, has_shallow=True, gives=_OBJECT),
    CallRule(
        "PutInstance", "3.1.4.3.12", _ONE, _AMENDED | _IMMEDIATELY, changes=_PUT, gives=Gives.STRING, through=_WANTED
    ),
    CallRule("PutInstanceAsync", "3.1.4.3.13", _PUSHED, _AMENDED | _STATUS, changes=_PUT, gives=Gives.STRING),
    CallRule("DeleteInstance", "3.1.4.3.14", _ONE, _IMMEDIATELY, through=_WANTED),
    CallRule("DeleteInstanceAsync", "3.1.4.3.15", _PUSHED, _STATUS),
    CallRule("CreateInstanceEnum", "3.1.4.3.16", _MANY, _READ | _ENUM, has_shallow=True, gives=_OBJECT),
    CallRule("CreateInstanceEnumAsync", "3.1.4.3.17", _PUSHED, _READ | _STATUS, has_shallow=True, gives=_OBJECT),
    CallRule("ExecQuery", "3.1.4.3.18", _MANY, _QUERY | _ENUM, gives=_OBJECT),
    CallRule("ExecQueryAsync", "3.1.4.3.19", _PUSHED, _QUERY | _STATUS, gives=_OBJECT),
    # A stream without an end: "These flags MUST always be set."
    CallRule("ExecNotificationQuery", "3.1.4.3.20", _MANY, _AMENDED | _ENUM, needed=_ENUM, gives=_OBJECT),
    CallRule("ExecNotificationQueryAsync", "3.1.4.3.21", _PUSHED, _AMENDED | _STATUS, dropped=_STATUS, gives=_OBJECT),
    # A NULL ppOutParams is INVALID_PARAMETER here; the SDK's page allows it.
    CallRule("ExecMethod", "3.1.4.3.22", _ONE, _IMMEDIATELY, gives=_OBJECT, through=_WANTED, needs_out=True),
    CallRule("ExecMethodAsync", "3.1.4.3.23", _PUSHED, _STATUS, gives=_OBJECT, runs_on=True),
)

RULES: Final[Mapping[str, CallRule]] = MappingProxyType({rule.method: rule for rule in _RULES})
"""By the method's name. QueryObjectSink and CancelAsyncCall are not here: they have no modes."""
