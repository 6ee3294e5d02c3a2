"""The NT hash of a password: MD4 of its UTF-16 ([MS-NLMP] 3.3.1, NTOWFv1). What the users file stores.

MD4 comes from pycryptodome, always: hashlib has it only where OpenSSL's legacy provider happens to be loaded, and one
path is tested where two would not be.
"""

from __future__ import annotations

from typing import Final

from Crypto.Hash import MD4

NT_HASH_SIZE: Final = 16


def nt_hash(password: str) -> bytes:
    """16 octets. They are as good as the password to whoever gets them: treat them so."""
    return MD4.new(password.encode("utf-16-le", "surrogatepass")).digest()  # noqa: S303 - NTLM is made of it
