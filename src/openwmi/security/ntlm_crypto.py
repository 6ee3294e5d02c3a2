"""NTLMv2's proofs and session keys ([MS-NLMP] 3.3.2, 3.4.5). Pure functions of octets."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from typing import Final

from cryptography.hazmat.decrepit.ciphers.algorithms import ARC4
from cryptography.hazmat.primitives.ciphers import Cipher

from openwmi.security.ntlm_message import NtlmFlags

KEY_SIZE: Final = 16
PROOF_SIZE: Final = 16

_CLIENT_SIGNING: Final = b"session key to client-to-server signing key magic constant\0"
_SERVER_SIGNING: Final = b"session key to server-to-client signing key magic constant\0"
_CLIENT_SEALING: Final = b"session key to client-to-server sealing key magic constant\0"
_SERVER_SEALING: Final = b"session key to server-to-client sealing key magic constant\0"


def md5(data: bytes) -> bytes:
    """MD5, also where a policy forbids it for security: the protocol leaves no choice."""
    return hashlib.md5(data, usedforsecurity=False).digest()


def hmac_md5(key: bytes, data: bytes) -> bytes:
    """HMAC_MD5 of [MS-NLMP] 6."""
    return hmac.digest(key, data, "md5")


def rc4(key: bytes, data: bytes) -> bytes:
    """RC4K of [MS-NLMP] 6: one key for one message."""
    return Cipher(ARC4(key), mode=None).encryptor().update(data)


def upper(name: str) -> str:
    """Upper case as Windows has it: character by character, so that a name keeps its length."""
    return "".join(big if len(big := char.upper()) == 1 else char for char in name)


def response_key(nt_hash: bytes, user: str, domain: str) -> bytes:
    """NTOWFv2."""
    return hmac_md5(nt_hash, (upper(user) + domain).encode("utf-16-le", "surrogatepass"))


def proof(key: bytes, challenge: bytes, client_challenge: bytes) -> bytes:
    """NTProofStr: `client_challenge` is all that follows the proof in the NTLMv2 response, as it was received."""
    return hmac_md5(key, challenge + client_challenge)


def session_base_key(key: bytes, nt_proof: bytes) -> bytes:
    """SessionBaseKey, which in NTLMv2 is the key exchange key as well."""
    return hmac_md5(key, nt_proof)


@dataclass(frozen=True, slots=True)
class SessionKeys:
    """SIGNKEY and SEALKEY of both directions, for extended session security."""

    client_signing: bytes = field(repr=False)
    client_sealing: bytes = field(repr=False)
    server_signing: bytes = field(repr=False)
    server_sealing: bytes = field(repr=False)

    @classmethod
    def derive(cls, exported: bytes, flags: NtlmFlags) -> SessionKeys:
        """From the ExportedSessionKey; without KEY_128 the sealing keys are weakened to 56 or 40 bits."""
        strength = KEY_SIZE if flags & NtlmFlags.KEY_128 else 7 if flags & NtlmFlags.KEY_56 else 5
        sealing = exported[:strength]
        return cls(
            md5(exported + _CLIENT_SIGNING),
            md5(sealing + _CLIENT_SEALING),
            md5(exported + _SERVER_SIGNING),
            md5(sealing + _SERVER_SEALING),
        )
