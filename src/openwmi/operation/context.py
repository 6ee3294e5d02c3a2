"""Who calls, in which language, by when and with which flags: what travels with every call ([MS-WMI] 3.1.1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum, IntFlag
from types import MappingProxyType
from typing import Final

from openwmi.base.clock import NEVER, Deadline


class CallFlags(IntFlag):
    """The flags of [MS-WMI] 2.2.6 that change how a call runs; their values are the wire's."""

    NONE = 0
    PROTOTYPE = 0x02
    RETURN_IMMEDIATELY = 0x10
    FORWARD_ONLY = 0x20
    SEND_STATUS = 0x80
    ENSURE_LOCATABLE = 0x100
    DIRECT_READ = 0x200
    USE_AMENDED_QUALIFIERS = 0x20000


class Impersonation(IntEnum):
    """RPC_C_IMP_LEVEL ([MS-RPCE] 2.2.1.1.9)."""

    DEFAULT = 0
    ANONYMOUS = 1
    IDENTIFY = 2
    IMPERSONATE = 3
    DELEGATE = 4


NO_VALUES: Final[Mapping[str, object]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class CallContext:
    """Travels from the caller through the engine to the provider; nothing on the way changes it.

    Attributes:
        principal: the authenticated caller, such as `DOM\\me`; empty for the owner of this process.
        locale: the preferred locale, such as `ms_409`; empty for the neutral one.
        deadline: on the loop's clock; the call ends with TIMED_OUT when it passes.
        flags: see CallFlags.
        impersonation: how far the engine may act as the caller; providers run as this process in any case.
        encrypted: whether nobody can read the call on its way; in process nobody can.
        pushed: whether its objects and its end go to a sink: over the wire that is another call, which is answered by
            calls back. In process, where a sink can be given to any call, it makes no difference.
        values: what the caller says by name to those who carry the call out ([MS-WMI] 2.2.13, IWbemContext).
    """

    principal: str = ""
    locale: str = ""
    deadline: Deadline = NEVER
    flags: CallFlags = CallFlags.NONE
    values: Mapping[str, object] = field(default_factory=lambda: NO_VALUES, hash=False)
    impersonation: Impersonation = Impersonation.IMPERSONATE
    encrypted: bool = True
    pushed: bool = False

    def with_deadline(self, deadline: Deadline) -> CallContext:
        """The same call with the earlier of both deadlines."""
        return replace(self, deadline=self.deadline.earlier(deadline))


LOCAL = CallContext()
