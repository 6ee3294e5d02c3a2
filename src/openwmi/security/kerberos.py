"""Kerberos in the style of DCE ([MS-KILE] 3.2.5.2, three legs and mutual proof), by the system's own GSS-API.

The only module that needs the extra `kerberos`, which it loads with the first login. What it adds is the form that
fragments are protected in: tokens in one piece, and the header signed where that was negotiated.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib import import_module
from typing import Any, Final

from openwmi.base.cursor import Reader
from openwmi.base.fault import LocalProtocolError, RemoteProtocolError
from openwmi.base.record import printable
from openwmi.security import der
from openwmi.security.mechanism import AUTH_TYPE_KERBEROS, DELEGATE, IDENTIFY, IMPERSONATE, Step
from openwmi.security.refusal import LoginRefused

BLOCK: Final = 16
"""The least that bodies are padded to: what is sealed has to be of one size whatever its length."""
AP_REQ_FRAMED: Final = b"\x01\x00"
RC4_MIC_SIZE: Final = 37
CONFOUNDER_SIZE: Final = 8
DELEGATE_FLAG, IDENTIFY_FLAG = 0x1, 0x2000
"""GSS_C_DELEG_FLAG, GSS_C_IDENTIFY_FLAG ([RFC2743], [RFC4757] 7.1)."""
IN_ORDER: Final = 0x4 | 0x8
"""GSS_C_REPLAY_FLAG, GSS_C_SEQUENCE_FLAG: without them a call that was sent once can be made twice."""


class KerberosContext:
    """A finished Kerberos login on one connection, at either end."""

    def __init__(self, principal: str, context: Any, impersonation: int = IMPERSONATE) -> None:
        self.principal = principal
        self.impersonation = impersonation
        self._context = context
        self._raw: Any = import_module("gssapi.raw")
        self._sizes: dict[bool, int] = {}

    def __repr__(self) -> str:
        return f"KerberosContext({self.principal!r})"

    def make_mic(self, data: bytes) -> bytes:
        mic: bytes = self._context.get_signature(data)
        return mic

    def check_mic(self, data: bytes, mic: bytes) -> None:
        try:
            self._context.verify_signature(data, mic)
        except self._raw.GSSError as error:
            raise RemoteProtocolError(f"the Kerberos signature does not fit: {_reason(error)}") from error

    def signature_size(self, *, sealed: bool) -> int:
        if sealed not in self._sizes:
            kind = self._raw.IOVBufferType
            first = kind.header if sealed else kind.mic_token
            iov = self._raw.IOV((first, True, None), (kind.data, bytes(BLOCK)), std_layout=False)
            if sealed:
                self._raw.wrap_iov_length(self._context, iov, True)
            else:
                self._raw.get_mic_iov_length(self._context, iov)
            size = len(iov[0].value)
            # MIT counts a confounder for the tokens of RC4 ([RFC4757]) that only sealed ones have.
            self._sizes[sealed] = RC4_MIC_SIZE if not sealed and size == RC4_MIC_SIZE + CONFOUNDER_SIZE else size
        return self._sizes[sealed]

    def sign(self, pdu: bytes, start: int, end: int, *, sign_header: bool) -> bytes:
        return self.make_mic(pdu if sign_header else pdu[start:end])

    def verify(self, pdu: bytes, start: int, end: int, token: bytes, *, sign_header: bool) -> None:
        self.check_mic(pdu if sign_header else pdu[start:end], token)

    def seal(self, pdu: bytes, start: int, end: int, *, sign_header: bool) -> tuple[bytes, bytes]:
        iov = self._buffers((True, None), pdu, start, end, sign_header=sign_header)
        self._raw.wrap_iov(self._context, iov, True)
        return iov[2 if sign_header else 1].value, iov[0].value

    def unseal(self, pdu: bytes, start: int, end: int, token: bytes, *, sign_header: bool) -> bytes:
        iov = self._buffers((False, token), pdu, start, end, sign_header=sign_header)
        try:
            sealed = self._raw.unwrap_iov(self._context, iov).encrypted
        except self._raw.GSSError as error:
            raise RemoteProtocolError(f"the Kerberos seal does not fit: {_reason(error)}") from error
        if not sealed:
            raise RemoteProtocolError("a body that was to be sealed is signed only")
        body: bytes = iov[2 if sign_header else 1].value
        return body

    def _buffers(self, token: tuple[bool, bytes | None], pdu: bytes, start: int, end: int, *, sign_header: bool) -> Any:
        kind = self._raw.IOVBufferType
        buffers = [(kind.header, *token), (kind.data, pdu[start:end])]
        if sign_header:
            buffers.insert(1, (kind.sign_only, pdu[:start]))
            buffers.append((kind.sign_only, pdu[end:]))
        return self._raw.IOV(*buffers, std_layout=False)


class KerberosAcceptor:
    """The server's end of one login. Its steps read the keytab, and may note tickets in a file against their replay.

    Args:
        admits: whether a principal such as `me@EXAMPLE.ORG` may log in.
        keytab: the file of the server's keys; None for the system's own.

    Attributes:
        account: who wants to log in, once the ticket has said it, fit for a log.
    """

    def __init__(self, admits: Callable[[str], bool], keytab: str | os.PathLike[str] | None = None) -> None:
        self._admits = admits
        self._keytab = keytab
        self._context: Any = None
        self._finished = False
        self.account = ""

    def step(self, token: bytes) -> Step:
        """The next token of the client. LoginRefused ends the login."""
        if self._finished:
            raise LocalProtocolError("this Kerberos exchange is over")
        gssapi = load()
        try:
            if self._context is None:
                self._context = gssapi.SecurityContext(creds=_keys(gssapi, self._keytab), usage="accept")
                token = _without_frame(token)
            out = self._context.step(token) or b""
            complete = self._context.complete  # raises what a step that had a token for the peer could not
        except gssapi.raw.GSSError as error:
            self._finished = True
            raise LoginRefused(None, f"Kerberos: {_reason(error)}") from error
        if not complete:
            return Step(out)
        self._finished = True
        principal = str(self._context.initiator_name)
        self.account = printable(principal)
        if not self._admits(principal):
            raise LoginRefused(None, f"{self.account} has a ticket, and is not among the users")
        flags = int(self._context.actual_flags)
        if flags & IN_ORDER != IN_ORDER:
            raise LoginRefused(None, f"{self.account}: Kerberos without an order of messages is not accepted")
        return Step(out, KerberosContext(principal, self._context, _impersonation(flags)))


def check_keytab(keytab: str | os.PathLike[str]) -> None:
    """LoginRefused where no login could be accepted with this file: it cannot be read, or there is no Kerberos here."""
    gssapi = load()
    try:
        _keys(gssapi, keytab)
    except gssapi.raw.GSSError as error:
        raise LoginRefused(None, f"{keytab} holds no keys: {_reason(error)}") from None


class KerberosInitiator:
    """The client's end of one login, with a ticket of the user's cache, or one that a password gets.

    Args:
        host: the server, by the name that its key is under: host/HOST.
        user, password: such as `me@EXAMPLE.ORG`; without, whoever the cache is of.
        service: the first part of the server's principal.
    """

    auth_type: int = AUTH_TYPE_KERBEROS
    blocks: bool = True

    def __init__(self, host: str, user: str = "", password: str = "", service: str = "host") -> None:
        self._target = f"{service}@{host}"
        self._user = user
        self._password = password
        self._context: Any = None

    def step(self, token: bytes = b"") -> Step:
        """May ask the KDC. LoginRefused where there is no ticket, or the server's answer is not good."""
        gssapi = load()
        try:
            if self._context is None:
                self._context = self._begin(gssapi)
            elif self._context.complete:
                raise LocalProtocolError("this Kerberos exchange is over")
            out = self._context.step(token or None) or b""
            complete = self._context.complete
        except gssapi.raw.GSSError as error:
            raise LoginRefused(None, f"Kerberos, as {self._target}: {_reason(error)}") from error
        if not complete:
            return Step(out)
        return Step(out, KerberosContext(str(self._context.initiator_name), self._context))

    def _begin(self, gssapi: Any) -> Any:
        need = gssapi.RequirementFlag
        kerberos = gssapi.MechType.kerberos
        credentials = None
        if self._password:
            user = gssapi.Name(self._user, gssapi.NameType.user)
            credentials = gssapi.raw.acquire_cred_with_password(
                user, self._password.encode(), usage="initiate", mechs=[kerberos]
            ).creds
        elif self._user:
            user = gssapi.Name(self._user, gssapi.NameType.user)
            credentials = gssapi.Credentials(name=user, usage="initiate", mechs=[kerberos])
        return gssapi.SecurityContext(
            name=gssapi.Name(self._target, gssapi.NameType.hostbased_service),
            creds=credentials,
            mech=kerberos,
            usage="initiate",
            flags=need.dce_style
            | need.mutual_authentication
            | need.replay_detection
            | need.out_of_sequence_detection
            | need.integrity
            | need.confidentiality,
        )


def cached_principal() -> str | None:
    """Whose tickets this process's cache holds, such as `me@EXAMPLE.ORG`; None: nobody's that are still good."""
    try:
        gssapi = load()
    except LoginRefused:
        return None
    try:
        credentials = gssapi.Credentials(usage="initiate", mechs=[gssapi.MechType.kerberos])
        return str(credentials.name) if credentials.lifetime else None
    except gssapi.raw.GSSError:
        return None


def load() -> Any:
    """The GSS-API. LoginRefused where the extra is not installed, or the system has none."""
    try:
        return import_module("gssapi")
    except (ImportError, OSError) as error:
        raise LoginRefused(
            None, f"Kerberos needs the extra `kerberos` (pip install openwmi[kerberos]): {error}"
        ) from None


def _keys(gssapi: Any, keytab: str | os.PathLike[str] | None) -> Any:
    store = {"keytab": os.fspath(keytab)} if keytab is not None else None
    return gssapi.Credentials(usage="accept", mechs=[gssapi.MechType.kerberos], store=store)


def _without_frame(token: bytes) -> bytes:
    """An AP-REQ by itself, as the style of DCE has it ([MS-KILE] 3.4.5.1).

    A well-known client puts GSS-API's frame ([RFC4121] 4.1) around it all the same, which MIT does not take.
    """
    if not token.startswith(bytes((der.APPLICATION,))):
        return token
    try:
        reader = Reader(der.decode_one(token, der.APPLICATION))
        der.decode(reader, der.OID)
        return reader.rest()[len(AP_REQ_FRAMED) :]
    except RemoteProtocolError as error:
        raise LoginRefused(None, f"Kerberos: {error}") from error


def _reason(error: Any) -> str:
    """What the GSS-API says, in one line; the codes alone where it cannot say it."""
    return printable(str(error).replace("\n", " "))


def _impersonation(flags: int) -> int:
    if flags & IDENTIFY_FLAG:
        return IDENTIFY
    return DELEGATE if flags & DELEGATE_FLAG else IMPERSONATE
