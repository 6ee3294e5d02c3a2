"""A self-relative SECURITY_DESCRIPTOR: who owns something, and who may do what with it ([MS-DTYP] 2.4.6).

It is only written here.
"""

from __future__ import annotations

from collections.abc import Iterable
from struct import pack
from typing import Final

ADMINISTRATORS: Final = "S-1-5-32-544"  # BUILTIN\Administrators ([MS-DTYP] 2.4.2.4)
AUTHENTICATED_USERS: Final = "S-1-5-11"  # whoever has logged in

_SELF_RELATIVE, _DACL_PRESENT = 0x8000, 0x0004
_HEADER_SIZE: Final = 20
_ACL_HEADER_SIZE, _ACE_HEADER_SIZE = 8, 4
_ACL_REVISION: Final = 2
_ACCESS_ALLOWED: Final = 0
_CONTAINER_INHERIT: Final = 2


def encode(owner: str, grants: Iterable[tuple[str, int]]) -> bytes:
    """Owned by a SID, which is its group as well; each SID of `grants` is allowed what its access mask says.

    It holds for what lies within, too: for a namespace, the namespaces in it.
    """
    of_owner = sid(owner)
    entries = [_allowed(sid(who), mask) for who, mask in grants]
    size = _ACL_HEADER_SIZE + sum(map(len, entries))
    acl = pack("<BxHHxx", _ACL_REVISION, size, len(entries)) + b"".join(entries)
    group = _HEADER_SIZE + len(of_owner)
    control = _SELF_RELATIVE | _DACL_PRESENT
    header = pack("<BxHIIII", 1, control, _HEADER_SIZE, group, 0, group + len(of_owner))
    return header + of_owner + of_owner + acl


def sid(text: str) -> bytes:
    """`S-1-5-32-544` -> its packet form ([MS-DTYP] 2.4.2.2)."""
    revision, authority, *parts = map(int, text.removeprefix("S-").split("-"))
    return pack(f"<BB6s{len(parts)}I", revision, len(parts), authority.to_bytes(6, "big"), *parts)


def _allowed(who: bytes, mask: int) -> bytes:
    """ACCESS_ALLOWED_ACE (2.4.4.2)."""
    body = pack("<I", mask) + who
    return pack("<BBH", _ACCESS_ALLOWED, _CONTAINER_INHERIT, _ACE_HEADER_SIZE + len(body)) + body
