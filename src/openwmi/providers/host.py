"""What the built-in providers say of this host alike: its name, its release, its language, its dates.

Read anew at each request, since an upgrade or `hostnamectl` changes them under a running server. Everything here may
block for the time of reading a small file. It knows no CIM class; only the type of a CIM datetime.
"""

from __future__ import annotations

import ctypes
import locale
import os
import platform
import re
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from struct import Struct

from openwmi.model import CimDateTime

OS_RELEASE = (Path("/etc/os-release"), Path("/usr/lib/os-release"))
"""os-release(5): the first that exists counts, and the second only where there is no first."""

LOCALE_FILES = (Path("/etc/locale.conf"), Path("/etc/default/locale"))
"""locale.conf(5), and where Debian kept it before."""

MAC_RELEASE = Path("/System/Library/CoreServices/SystemVersion.plist")


def computer_name() -> str:
    """The host's name as the kernel has it: CSName, and the domain of accounts that are the host's own."""
    return platform.node()


def os_name() -> str:
    """The product and its version for people: `Debian GNU/Linux 12 (bookworm)`, `macOS 14.5`."""
    return release()["PRETTY_NAME"]


def release() -> Mapping[str, str]:
    """The assignments of os-release(5); on macOS what the system's own list says, under the same names.

    PRETTY_NAME is always there: the kernel's name and release where nothing better is known.
    """
    found = _mac_release() if sys.platform == "darwin" else read_assignments(*OS_RELEASE)
    return {"PRETTY_NAME": f"{platform.system()} {platform.release()}", **found}


def read_assignments(*files: Path) -> dict[str, str]:
    """The `NAME=value` lines of the first file that can be read, with a shell's quotes taken off; else nothing."""
    for file in files:
        try:
            text = file.read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        return dict(filter(None, map(_assignment, text.splitlines())))
    return {}


def language_id() -> int | None:
    """The system's language as a Windows language identifier (1033 is en_US), or None: `C` is no language.

    From locale.conf, which holds for the whole system; where there is none, from this process's environment.
    """
    settings = read_assignments(*LOCALE_FILES) or os.environ
    text = settings.get("LC_ALL") or settings.get("LANG") or ""
    return _LANGUAGES.get(re.split(r"[.@]", text)[0])


def code_page() -> str | None:
    """The code page of the host's texts, such as `65001` for UTF-8; None where Windows has no number for it."""
    encoding = locale.getencoding().lower().replace("_", "-")
    windows = re.fullmatch(r"cp-?(\d{3,5})", encoding)
    return windows[1] if windows else _CODE_PAGES.get(encoding)


def local_time(timestamp: float) -> CimDateTime:
    """A POSIX time stamp as a CIM datetime, with the offset that this host had or will have at that time."""
    return CimDateTime.from_datetime(datetime.fromtimestamp(timestamp, UTC).astimezone())


def birth_time(path: str) -> float | None:
    """When a file or folder was made, as a POSIX time stamp; None where the file system did not note it."""
    if sys.platform != "linux":
        made: float = getattr(os.stat(path), "st_birthtime", 0.0)  # noqa: PTH116 - the other branch takes a str, too
        return made if made > 0 else None
    return _statx_birth(path)


def decode_birth(answer: bytes) -> float | None:
    """The birth time in an answer of statx(2), as a POSIX time stamp; None where it is not there, or was left at 0."""
    mask, seconds, nanoseconds = _STATX.unpack_from(answer)
    return seconds + nanoseconds / 1e9 if mask & _STATX_BTIME and seconds > 0 else None


def text(value: str) -> str:
    """A text of this system as Unicode: octets that are not in its encoding become U+FFFD.

    Python keeps such octets as lone surrogates, which no wire of WMI can carry.
    """
    return value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _assignment(line: str) -> tuple[str, str] | None:
    found = _ASSIGNMENT.fullmatch(line.strip())
    return (found[1], _ESCAPED.sub(r"\1", found[3])) if found else None


def _mac_release() -> dict[str, str]:
    import plistlib  # noqa: PLC0415 - on macOS alone

    try:
        known = plistlib.loads(MAC_RELEASE.read_bytes())
    except (OSError, plistlib.InvalidFileException):
        return {}
    name, version = known.get("ProductName", "macOS"), known.get("ProductVersion", "")
    return {
        "PRETTY_NAME": f"{name} {version}".strip(),
        "VERSION_ID": version,
        "BUILD_ID": known.get("ProductBuildVersion", ""),
    }


# Written for a shell (os-release(5)), so that inside of quotes these five characters have a backslash before them.
_ASSIGNMENT = re.compile(r"""(\w+)=(["']?)(.*)\2""")
_ESCAPED = re.compile(r"""\\(["'$`\\])""")

# statx(2): the folder that a relative path starts from, what is asked for, and where the answer stands.
_AT_FDCWD = -100
_STATX_BTIME = 0x800
_STATX_OCTETS = 256
_STATX = Struct("=I 76x q I")  # the mask of what was answered, and stx_btime


def _statx_birth(path: str) -> float | None:
    """The C library's statx(2); Python's os.stat does not tell the birth time on Linux."""
    statx = getattr(ctypes.CDLL(None), "statx", None)
    if statx is None:
        return None
    answer = ctypes.create_string_buffer(_STATX_OCTETS)
    if statx(_AT_FDCWD, os.fsencode(path), 0, _STATX_BTIME, answer) != 0:
        return None
    return decode_birth(answer.raw)


# Python's table gives some names two numbers; the first is the usual one, except for Spanish, whose modern sort is.
_LANGUAGES = {name: number for number, name in reversed(locale.windows_locale.items())} | {"es_ES": 0x0C0A}

_CODE_PAGES = {"utf-8": "65001", "utf8": "65001", "ascii": "20127", "us-ascii": "20127", "ansi-x3.4-1968": "20127"}
