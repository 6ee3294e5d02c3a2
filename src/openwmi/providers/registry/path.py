"""Where a key is: the predefined keys, and the way from one of them.

Three of the five are names for keys in the other two, as on Windows: HKEY_CLASSES_ROOT, HKEY_CURRENT_USER and
HKEY_CURRENT_CONFIG (the SDK's page "Predefined Keys"). A user is known by the SID that Win32_UserAccount has.
"""

from __future__ import annotations

from typing import Final

from openwmi.base.limits import REGISTRY_KEY_CHARS, REGISTRY_KEYS_DEEP
from openwmi.providers.registry.failure import Code, RegistryError

Parts = tuple[str, ...]
"""The names of the keys from the top of all to one."""

MACHINE: Parts = ("HKEY_LOCAL_MACHINE",)
USERS: Parts = ("HKEY_USERS",)
CLASSES: Parts = (*MACHINE, "SOFTWARE", "Classes")
CONFIGURATION: Parts = (*MACHINE, "SYSTEM", "CurrentControlSet", "Hardware Profiles", "Current")

FIXED: Final[frozenset[Parts]] = frozenset(
    parts[:length]
    for parts in (CLASSES, CONFIGURATION, (*MACHINE, "HARDWARE"), (*USERS, ".DEFAULT"))
    for length in range(1, len(parts) + 1)
)
"""Keys that are always there."""


def predefined(handle: object, uid: int) -> Parts:
    """The key that a number of winreg.h stands for; HKEY_LOCAL_MACHINE without one. INVALID_HANDLE."""
    if handle is None:
        return MACHINE
    if handle == _CURRENT_USER:
        return (*USERS, f"S-1-22-1-{uid}")
    try:
        return _PREDEFINED[handle]  # type: ignore[index]  # what is no number is not there
    except KeyError:
        raise RegistryError(Code.INVALID_HANDLE, f"{handle} is no predefined key") from None


def split(path: object) -> Parts:
    """The names in a path with backslashes; none is the predefined key itself. INVALID_PARAMETER."""
    text = "" if path is None else str(path).removesuffix("\\")
    parts = tuple(text.split("\\")) if text else ()
    if len(parts) > REGISTRY_KEYS_DEEP or any(
        not 0 < len(part) <= REGISTRY_KEY_CHARS or "\0" in part for part in parts
    ):
        raise RegistryError(Code.INVALID_PARAMETER, "a name in the path is empty or too long")
    return parts


_CURRENT_USER = 0x80000001
_PREDEFINED = {
    0x80000000: CLASSES,
    0x80000002: MACHINE,
    0x80000003: USERS,
    0x80000005: CONFIGURATION,
}
