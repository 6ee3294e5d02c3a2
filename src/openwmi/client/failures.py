"""What a failure over the wire was, in the caller's words: which layer refused, and what the server said of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from openwmi.base.error import WbemError
from openwmi.base.fault import RemoteProtocolError
from openwmi.base.record import printable
from openwmi.base.status import HResult, WbemStatus
from openwmi.dcom import ErrorInformation
from openwmi.pointers import pointed_failure

_DENIED: Final = frozenset({HResult.E_ACCESSDENIED, WbemStatus.ACCESS_DENIED})
LOST: Final = frozenset({HResult.RPC_S_CALL_FAILED})
"""What says that the way to a server was lost with a call on it."""
GONE: Final = frozenset({HResult.RPC_E_DISCONNECTED, HResult.RPC_E_INVALID_IPID, HResult.RPC_E_INVALID_OBJECT})
"""What says that an object was not there any more, and so that a call was not carried out."""
UNKNOWN: Final = "; what it was to change may have changed or not: the outcome is unknown, so look before you repeat it"
_ACTIVATION: Final = "IRemoteSCMActivator."


def explained(error: WbemError | RemoteProtocolError, where: object) -> WbemError:
    """The failure of a call, for whoever made it: with what the server says of it besides its status.

    What did not come from there stays as it is.
    """
    if isinstance(error, RemoteProtocolError):
        return WbemError(HResult.RPC_S_CALL_FAILED, f"{where}: its answer is none: {printable(error)}")
    if error.operation is None:
        return error
    extended = error.extended
    if extended is None and isinstance(error.__cause__, ErrorInformation):
        extended = pointed_failure(error.__cause__.reference)
    message = error.message
    if extended is not None and isinstance(extended.get("Description"), str):
        message = printable(extended["Description"])
    # Without the wire's name of the call: the operation has one of its own.
    return WbemError(error.status, message, extended=extended)


@contextmanager
def in_words(where: object) -> Iterator[None]:
    """What fails inside fails as `explained` has it."""
    try:
        yield
    except (WbemError, RemoteProtocolError) as error:
        told = explained(error, where)
        if told is error:
            raise
        raise told from error


def is_gone(error: WbemError) -> bool:
    """Whether an object was not there any more, and so a call was not carried out: nobody was there to answer it.

    What answers with such a status has been called, and tells of something else that it wanted to use.
    """
    return error.status in GONE and error.operation is None


def undecided(error: WbemError) -> WbemError:
    """The failure of a call that changes something: where its answer was lost, nobody knows whether it did."""
    if error.status not in LOST:
        return error
    return WbemError(error.status, f"{error.message}{UNKNOWN}")


def refused(error: WbemError, host: str, user: str, namespace: str | None = None) -> WbemError:
    """Why somebody does not get in: login, activation or namespace say "access denied" alike."""
    who = user or "whoever the Kerberos cache is of"
    if error.status not in _DENIED:
        if error.status == WbemStatus.INVALID_NAMESPACE and namespace is not None:
            return WbemError(error.status, f"{host} has no namespace {namespace}")
        return error
    operation = error.operation or ""
    if namespace is not None and operation:
        text = f"the namespace {namespace} of {host} is closed to {who}: its owner has to allow remote access to it"
    elif operation.startswith(_ACTIVATION):
        text = f"{host} knows {who}, and does not let that user activate WMI: DCOM's remote activation is to be allowed"
    else:
        text = f"{host} refused the login of {who}: the name or the password is wrong, or the account may not log in"
        if user and "@" not in user:
            text += " by NTLM; written as me@REALM it would by Kerberos"
    return WbemError(error.status, f"{text} ({printable(error.message)})")
