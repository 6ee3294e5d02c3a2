"""Namespace paths: `\\\\server\\root\\cimv2`, `//server/root/cimv2`, `root\\cimv2`.

The forms are those of the WMI SDK ("Describing a WMI Namespace Object Path"), and what is refused, and how, is what
real Windows does. Whether a namespace exists is not known here.
"""

from __future__ import annotations

import re

from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus

# The SDK forbids white space in an object path; quotes, colons and equals signs end a namespace there.
NAMESPACE_PART = r"[^\\/:\"'=\s\x00-\x1f]+"
SERVER = r"[^\\/\"'=@\s\x00-\x1f]+"

_SERVER = re.compile(SERVER)
_NAMESPACE = re.compile(rf"{NAMESPACE_PART}(?:[\\/]{NAMESPACE_PART})*")


def parse_namespace(text: str) -> tuple[str | None, str]:
    """Where to connect to -> (server, namespace), the namespace with backslashes and in its spelling.

    The server is None for this machine, which `.` stands for as well. The namespace is "" where only a host was named:
    Windows then looks for that host before it says anything about the namespace, and so should the caller.

    Errors: INVALID_NAMESPACE; INVALID_PARAMETER for a third slash in front, as Windows has it.
    """
    slashes = len(text) - len(text.lstrip("\\/"))
    if slashes == 0:
        return None, _namespace(text, text)
    if slashes > 2:
        raise WbemError(
            WbemStatus.INVALID_PARAMETER, f"{text!r} begins with {slashes} slashes; a server's name follows two"
        )
    server, slash, namespace = _split(text[slashes:])
    if slashes == 1 or not server:
        raise _refused(
            text, r"a server's name follows two slashes, and a namespace none, as in \\srv1\root\cimv2 or root\cimv2"
        )
    if not _SERVER.fullmatch(server):
        raise _refused(text, f"{server!r} is no name of a server")
    local = server == "."
    if not slash and not local:
        return server, ""
    return None if local else server, _namespace(namespace, text)


def _split(text: str) -> tuple[str, str, str]:
    """Before the first slash of either kind, the slash, and what follows."""
    found = re.search(r"[\\/]", text)
    return (text[: found.start()], found[0], text[found.end() :]) if found else (text, "", "")


def _namespace(namespace: str, text: str) -> str:
    if not _NAMESPACE.fullmatch(namespace):
        raise _refused(text, r"names with single slashes between them were expected, as in root\cimv2")
    return namespace.replace("/", "\\")


def _refused(text: str, why: str) -> WbemError:
    return WbemError(WbemStatus.INVALID_NAMESPACE, f"{text!r} is no namespace: {why}")
