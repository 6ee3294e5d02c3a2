"""Who may do what: the one place that decides it ([MS-WMI] 5.2, GrantedAccess of 3.1.1).

Users may read; administrators may also write and call methods; nobody else may do anything. Security descriptors of
namespaces belong here as well. A session without an Access is the owner's, who may do everything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import IntFlag
from functools import reduce
from operator import or_

from openwmi.base.case import fold
from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.engine.descriptor import ADMINISTRATORS, AUTHENTICATED_USERS
from openwmi.operation import CallContext


class Right(IntFlag):
    """The rights in a namespace, by the document's names and values."""

    ENABLE = 0x01
    METHOD_EXECUTE = 0x02
    FULL_WRITE = 0x04
    PARTIAL_WRITE_REP = 0x08
    WRITE_PROVIDER = 0x10
    REMOTE_ENABLE = 0x20
    READ_CONTROL = 0x20000


READ = Right.ENABLE | Right.REMOTE_ENABLE
EVERYTHING = reduce(or_, Right)  # and not ~Right(0), which has bits that are no rights
GRANTS = ((ADMINISTRATORS, EVERYTHING), (AUTHENTICATED_USERS, READ))
"""What `Access` grants, as a DACL has it: to whom, by their SIDs, and what."""

_WHAT = {
    Right.ENABLE: "read",
    Right.METHOD_EXECUTE: "call methods",
    Right.FULL_WRITE: "write",
}


class Access:
    """Decides for the callers of sessions.

    Args:
        is_admin: whether a principal such as `DOM\\me` is an administrator.
    """

    def __init__(self, is_admin: Callable[[str], bool]) -> None:
        self._is_admin = is_admin

    @classmethod
    def of_admins(cls, principals: Iterable[str]) -> Access:
        """With these administrators, spelled as they log in; the case of a Kerberos principal (`me@REALM`) counts."""
        known = frozenset(map(_same, principals))
        return cls(lambda principal: _same(principal) in known)

    def granted(self, context: CallContext) -> Right:
        """What the caller may do."""
        if not context.principal:
            return Right(0)
        return EVERYTHING if self._is_admin(context.principal) else READ

    def refusal(self, context: CallContext, wanted: Right, namespace: str) -> WbemError | None:
        """ACCESS_DENIED for a caller who lacks one of these rights."""
        if not wanted & ~self.granted(context):
            return None
        if not context.principal:
            return WbemError(WbemStatus.ACCESS_DENIED, "nobody has logged in: who does may read")
        what = _WHAT.get(wanted, "do this")
        return WbemError(
            WbemStatus.ACCESS_DENIED, f"{context.principal} may not {what} in {namespace}: only an administrator may"
        )


def _same(principal: str) -> str:
    return principal if "@" in principal else fold(principal)
