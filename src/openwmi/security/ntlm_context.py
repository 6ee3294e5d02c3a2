"""Signing and sealing under an NTLM login with extended session security ([MS-NLMP] 3.4.2-4).

Both directions have their own RC4 stream and sequence number, which every token moves on, so that calls have to come in
the order of the wire. The token covers the whole PDU, whatever header signing says; only its body is encrypted. The
RC4 states and the keyed beginnings of the HMACs are made once: this runs for every fragment.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from functools import partial
from importlib import import_module
from struct import Struct
from typing import Final

from cryptography.hazmat.decrepit.ciphers.algorithms import ARC4
from cryptography.hazmat.primitives.ciphers import Cipher

from openwmi.base.fault import RemoteProtocolError
from openwmi.security.mechanism import IDENTIFY, IMPERSONATE
from openwmi.security.ntlm_crypto import SessionKeys
from openwmi.security.ntlm_message import NtlmFlags

TOKEN_SIZE: Final = 16
_TOKEN: Final = Struct("<I8sI")
_SEQUENCE: Final = Struct("<I")
SHORT: Final = 1024
"""Messages of fewer octets, which nearly all are, go through the interpreter's own MD5: that needs half the time of
OpenSSL's, which is the faster one only of long messages."""
_MISFIT: Final = "the NTLM signature does not fit: changed, replayed or out of order"
try:
    _MD5 = import_module("_md5").md5
except ImportError:  # an interpreter that was built to have OpenSSL's alone
    _MD5 = hashlib.md5
_INNER: Final = bytes(octet ^ 0x36 for octet in range(256))
_OUTER: Final = bytes(octet ^ 0x5C for octet in range(256))


class _Direction:
    """One direction of a session: an HMAC-MD5 key, an RC4 stream, a sequence number."""

    __slots__ = ("_long", "_scramble_checksum", "_short", "rc4", "sequence")

    def __init__(self, signing: bytes, sealing: bytes, *, key_exchange: bool) -> None:
        block = signing.ljust(64, b"\0")
        pads = block.translate(_INNER), block.translate(_OUTER)
        self._short, self._long = (
            tuple(md5(pad, usedforsecurity=False) for pad in pads) for md5 in (_MD5, hashlib.md5)
        )
        self.rc4: Callable[[bytes], bytes] = Cipher(ARC4(sealing), mode=None).encryptor().update
        self._scramble_checksum = key_exchange
        self.sequence = 0

    def token(self, message: bytes) -> bytes:
        """MAC of [MS-NLMP] 3.4.4.2; moves the stream and the number on."""
        number, checksum = self._checksum(message)
        return _TOKEN.pack(1, self.rc4(checksum) if self._scramble_checksum else checksum, number)

    def seal(self, pdu: bytes, start: int, end: int) -> tuple[bytes, bytes]:
        """The body between the two offsets, encrypted, and the token of the whole."""
        number, checksum = self._checksum(pdu)
        if not self._scramble_checksum:
            return self.rc4(pdu[start:end]), _TOKEN.pack(1, checksum, number)
        scrambled = self.rc4(pdu[start:end] + checksum)  # in the stream, the checksum's place is behind the body
        return scrambled[:-8], _TOKEN.pack(1, scrambled[-8:], number)

    def unseal(self, pdu: bytes, start: int, end: int, token: bytes) -> bytes:
        """The body in clear. RemoteProtocolError unless the token is that of the whole."""
        version, checksum, number = _TOKEN.unpack(token) if len(token) == TOKEN_SIZE else (0, b"", 0)
        body = self.rc4(pdu[start:end] + checksum if self._scramble_checksum else pdu[start:end])
        if self._scramble_checksum:
            body, checksum = body[: end - start], body[end - start :]
        expected, right = self._checksum(b"".join((pdu[:start], body, pdu[end:])))
        if not hmac.compare_digest(right, checksum) or number != expected or version != 1:
            raise RemoteProtocolError(_MISFIT)
        return body

    def _checksum(self, message: bytes) -> tuple[int, bytes]:
        """The number of a message, and the checksum of both together; moves the number on."""
        number = self.sequence
        self.sequence = (number + 1) & 0xFFFFFFFF
        keyed_inner, keyed_outer = self._short if len(message) < SHORT else self._long
        inner = keyed_inner.copy()
        inner.update(_SEQUENCE.pack(number) + message)
        outer = keyed_outer.copy()
        outer.update(inner.digest())
        return number, outer.digest()[:8]


class NtlmContext:
    """A finished NTLM login on one connection, at either end.

    Args:
        principal: who logged in, such as `DOM\\user`.
        session_key: the ExportedSessionKey, 16 octets.
        flags: what was negotiated; EXTENDED_SESSION_SECURITY is required.
        server: whether this is the server's end.
        identify: whether the server may know who the client is, and not act as it.
    """

    def __init__(
        self, principal: str, session_key: bytes, flags: NtlmFlags, *, server: bool, identify: bool = False
    ) -> None:
        if not flags & NtlmFlags.EXTENDED_SESSION_SECURITY:
            raise RemoteProtocolError("NTLM without extended session security protects nothing")
        self.principal = principal
        self.impersonation = IDENTIFY if identify else IMPERSONATE
        keys = SessionKeys.derive(session_key, flags)
        exchange = bool(flags & NtlmFlags.KEY_EXCHANGE)
        client = partial(_Direction, keys.client_signing, keys.client_sealing, key_exchange=exchange)
        servers = partial(_Direction, keys.server_signing, keys.server_sealing, key_exchange=exchange)
        self._ways = (servers, client) if server else (client, servers)
        self._send, self._receive = (make() for make in self._ways)

    def __repr__(self) -> str:
        return f"NtlmContext({self.principal!r})"

    def make_mic(self, data: bytes) -> bytes:
        # The RC4 stream begins anew behind it ([MS-SPNG] 3.3.5.1), and the sequence number does not: that document
        # speaks of the key state alone, and Samba and pyspnego, which Windows understands, count on.
        mic = self._ways[0]().token(data)
        self._send.sequence += 1
        return mic

    def check_mic(self, data: bytes, mic: bytes) -> None:
        _compare(self._ways[1]().token(data), mic)
        self._receive.sequence += 1

    def signature_size(self, *, sealed: bool) -> int:  # noqa: ARG002 - of some mechanisms it is longer when sealed
        return TOKEN_SIZE

    def sign(self, pdu: bytes, start: int, end: int, *, sign_header: bool) -> bytes:  # noqa: ARG002 - always all of it
        return self._send.token(pdu)

    def seal(self, pdu: bytes, start: int, end: int, *, sign_header: bool) -> tuple[bytes, bytes]:  # noqa: ARG002
        return self._send.seal(pdu, start, end)

    def verify(self, pdu: bytes, start: int, end: int, token: bytes, *, sign_header: bool) -> None:  # noqa: ARG002
        _compare(self._receive.token(pdu), token)

    def unseal(self, pdu: bytes, start: int, end: int, token: bytes, *, sign_header: bool) -> bytes:  # noqa: ARG002
        return self._receive.unseal(pdu, start, end, token)


def _compare(expected: bytes, token: bytes) -> None:
    if not hmac.compare_digest(expected, token):
        raise RemoteProtocolError(_MISFIT)
