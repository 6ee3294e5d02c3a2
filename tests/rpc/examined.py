"""Octets from anywhere, at every door of DCE/RPC and DCOM: what is behind it refuses them, or goes on as it should.

The first octet says which door, the second what exactly is behind it; the others come in.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import cache, partial
from typing import Any, Final

import openwmi.interfaces
from openwmi.base.fault import LocalProtocolError, RemoteProtocolError
from openwmi.base.guid import Guid
from openwmi.interfaces import Call, Interface
from openwmi.ndr import NDR20, NDR64, NdrReader, NdrWriter, codec
from openwmi.orpc import (
    ActivationProperties,
    ActivationReply,
    ActivationRequest,
    Bindings,
    Context,
    ErrorInfo,
    ObjRefCustom,
    OrpcThat,
    OrpcThis,
    objref,
)
from openwmi.rpc import (
    AuthLevel,
    AuthOffer,
    AuthType,
    RequestReceived,
    Role,
    RpcAssociation,
    SyntaxId,
    TokenNeeded,
    Tower,
    check_trailer,
    pdu,
)
from openwmi.rpc.bind import BindNak
from openwmi.rpc.call import Auth3, CoCancel, Fault, Orphaned, Request, Response
from openwmi.rpc.header import WHOLE, PduFlags, Verifier
from openwmi.security import LoginRefused, NegotiateAcceptor, NtlmAcceptor, ServerNames, User
from openwmi.security.spnego import NTLM, Answer, Offer

FIRST = SyntaxId(Guid("000001a0-0000-0000-c000-000000000046"))
SECOND = SyntaxId(Guid("f309ad18-d86a-11d0-a075-00c04fb68820"))
WITH_OBJECT: Final = WHOLE | PduFlags.OBJECT_UUID
TYPES: Final = {AuthType.NEGOTIATE, AuthType.WINNT, AuthType.KERBEROS}


class Trusting:
    """Takes every signature, so that what is behind it is reached."""

    principal = "DOM\\me"
    impersonation = 3

    def signature_size(self, *, sealed: bool) -> int:
        return 16

    def sign(self, pdu: bytes, start: int, end: int, *, sign_header: bool) -> bytes:
        return bytes(16)

    def seal(self, pdu: bytes, start: int, end: int, *, sign_header: bool) -> tuple[bytes, bytes]:
        return pdu[start:end], bytes(16)

    def verify(self, pdu: bytes, start: int, end: int, token: bytes, *, sign_header: bool) -> None:
        assert 0 <= start <= end <= len(pdu)

    def unseal(self, pdu: bytes, start: int, end: int, token: bytes, *, sign_header: bool) -> bytes:
        assert 0 <= start <= end <= len(pdu)
        return pdu[start:end]


class Users:
    """One user, who is known by any name."""

    def lookup(self, domain: str, name: str, computer: str) -> User | None:
        return User(domain, name, bytes(16))


def is_sound(octets: bytes) -> bool:
    """Nothing but what a door may raise comes through."""
    if len(octets) < 2:
        return False
    DOORS[octets[0] % len(DOORS)](octets[1], octets[2:])
    return True


def server(how: int) -> RpcAssociation:
    """A server's end: fresh, bound by nobody, or bound by somebody who is trusted."""
    made = RpcAssociation(Role.SERVER, interfaces={FIRST, SECOND}, auth_types=TYPES)
    if how:
        made.receive(_bind(AuthLevel.NONE if how == 1 else AuthLevel.PRIVACY if how == 2 else AuthLevel.CONNECT))
        drain(made)
    return made


def client(how: int) -> RpcAssociation:
    """A client's end that has asked for something."""
    made = RpcAssociation(Role.CLIENT)
    login = AuthOffer(AuthType.WINNT, AuthLevel.PRIVACY, b"hello") if how & 1 else None
    made.bind([FIRST], auth=login)
    if how & 2:
        made.data_to_send()
        made.receive(_ack(how & 1))
        drain(made)
        made.send_request(0, 1, b"ask", auth_context_id=0 if how & 1 else None)
    return made


def drain(end: RpcAssociation) -> None:
    """All that has come; tokens are taken, requests are answered with their stubs."""
    while (event := end.next_event()) is not None:
        if isinstance(event, TokenNeeded):
            end.accept_token(event.auth_context_id, b"token" if event.reply else b"", Trusting())
        elif isinstance(event, RequestReceived):
            try:
                check_trailer(event, min(8, len(event.stub)), header_signing=end.header_signing)
            except RemoteProtocolError:
                end.send_fault(event.call_id, 5, executed=False)
            else:
                end.send_response(event.call_id, event.stub)


def received(make: Callable[[int], RpcAssociation], how: int, octets: bytes) -> None:
    end = make(how % 4)
    end.receive(octets)
    try:
        drain(end)
    except RemoteProtocolError:
        assert end.closed
    said = end.data_to_send()
    while said:  # whatever it was, what we say to it is well formed
        length = int.from_bytes(said[8:10], "little")
        pdu.decode(said[:length])
        said = said[length:]
    end.receive(b"")
    end.close()


def read(how: int, octets: bytes) -> None:
    decode = READERS[how % len(READERS)]
    try:
        value = decode(octets)
    except RemoteProtocolError:
        return
    if decode is pdu.decode:  # its verifier's padding is ours to choose
        again = pdu.encode(value)
        assert pdu.encode(pdu.decode(again)) == again
    elif hasattr(value, "encode") and not isinstance(value, ObjRefCustom):
        again = value.encode()
        assert decode(again) == value


def called(how: int, octets: bytes) -> None:
    kind, call = _calls()[how % len(_calls())]
    for syntax in (NDR20, NDR64):
        try:
            reader = NdrReader(octets, syntax=syntax)
            if kind.orpc:
                codec(OrpcThis, syntax).decode(reader)
            arguments = call.decode_request(reader)
        except RemoteProtocolError:
            pass
        else:
            writer = NdrWriter(syntax)
            call.encode_request(writer, arguments)
            assert call.decode_request(NdrReader(bytes(writer), syntax=syntax)) == arguments
            with suppress(LocalProtocolError):  # a count that is too large for an answer
                call.encode_reply(NdrWriter(syntax), call.failure(0x80004005, arguments), arguments)
        try:
            reader = NdrReader(octets, syntax=syntax)
            if kind.orpc:
                codec(OrpcThat, syntax).decode(reader)
            call.decode_reply(reader)
        except RemoteProtocolError:
            pass


def logged_in(how: int, octets: bytes) -> None:
    """A token, or two: the first is as long as the second octet says."""
    names = ServerNames.of_host("srv1.example")
    made: Any = NtlmAcceptor(Users(), names, lambda: 0, bytes)
    if how & 1:
        made = NegotiateAcceptor({NTLM: lambda: NtlmAcceptor(Users(), names, lambda: 0, bytes)})
    at = how & ~1
    try:
        if made.step(octets[:at]).context is None:
            made.step(octets[at:])
    except (RemoteProtocolError, LoginRefused):
        pass


READERS: Final[list[Callable[[bytes], Any]]] = [
    objref.decode,
    ActivationRequest.decode,
    ActivationReply.decode,
    ActivationProperties.decode,
    Bindings.decode,
    Context.decode,
    ErrorInfo.decode,
    Tower.decode,
    Offer.decode,
    Answer.decode,
    pdu.decode,
]
DOORS: Final[list[Callable[[int, bytes], None]]] = [
    partial(received, server),
    partial(received, client),
    read,
    called,
    logged_in,
]


@cache
def _calls() -> list[tuple[type[Interface], Call]]:
    kinds = [
        kind
        for kind in vars(openwmi.interfaces).values()
        if isinstance(kind, type) and issubclass(kind, Interface) and kind.calls
    ]
    return [(kind, call) for kind in sorted(kinds, key=lambda kind: kind.__name__) for call in kind.calls.values()]


@cache
def _bind(level: AuthLevel) -> bytes:
    asking = RpcAssociation(Role.CLIENT)
    asking.bind([FIRST, SECOND], auth=None if level is AuthLevel.NONE else AuthOffer(AuthType.NEGOTIATE, level, b"hi"))
    return asking.data_to_send()


@cache
def _ack(how: int) -> bytes:
    """What a server's end answers to the bind of a client's."""
    answering = server(0)
    answering.receive(client(how).data_to_send())
    drain(answering)
    return answering.data_to_send()


def _pdus() -> list[bytes]:
    """One of each kind that calls are made of, with and without a verifier."""
    kinds = [
        kind(call_id=3, auth=auth, **rest)
        for auth in (None, Verifier(10, 5, 1, bytes(16)))
        for kind, rest in (
            (Request, {"context_id": 0, "opnum": 3, "stub": b"ask", "object": FIRST.uuid, "flags": WITH_OBJECT}),
            (Response, {"context_id": 0, "stub": b"answer"}),
            (Fault, {"context_id": 0, "status": 5}),
            (BindNak, {"reason": 4}),
            (Auth3, {}),
            (CoCancel, {}),
            (Orphaned, {}),
        )
    ]
    return [_bind(AuthLevel.PRIVACY), _ack(0), _ack(1), *map(pdu.encode, kinds)]


def seeds() -> list[tuple[str, bytes]]:
    """Something for each door."""
    found = [(f"bind{level}", b"\0\0" + _bind(level)) for level in (AuthLevel.NONE, AuthLevel.PRIVACY)]
    asking = RpcAssociation(Role.CLIENT)
    answering = server(0)
    asking.bind([FIRST])
    answering.receive(asking.data_to_send())
    drain(answering)
    ack = answering.data_to_send()
    asking.receive(ack)
    drain(asking)
    asking.send_request(0, 1, bytes(range(64)) * 200)
    request = asking.data_to_send()
    answering.receive(request)
    drain(answering)
    found += [(f"request{how}", bytes((0, how)) + request) for how in (1, 2, 3)]
    found += [("ack", b"\1\0" + ack), ("acks", b"\1\1" + ack), ("response", b"\1\2" + answering.data_to_send())]
    found += [(f"pdu{at}", bytes((2, 10)) + octets) for at, octets in enumerate(_pdus())]
    found += [
        ("tower", bytes((2, 7)) + Tower(FIRST).encode()),
        ("offer", bytes((2, 8)) + Offer((NTLM,), b"t").encode()),
    ]
    found += [("error", bytes((2, 6)) + ErrorInfo(FIRST.uuid, "a", "b", "c").encode())]
    found += [("activation", bytes((2, 1)) + ActivationRequest(FIRST.uuid, (SECOND.uuid,)).encode())]
    found += [("answer", bytes((2, 9)) + Answer(None, NTLM, b"token", b"mic").encode())]
    for at in range(len(_calls())):
        found.append((f"call{at}", bytes((3, at)) + codec_of_this() + bytes(64)))
    return found


def codec_of_this() -> bytes:
    writer = NdrWriter()
    codec(OrpcThis).encode(writer, OrpcThis.of(FIRST.uuid))
    return bytes(writer)
