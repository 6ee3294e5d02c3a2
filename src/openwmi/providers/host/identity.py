"""What a host's files say of it as a whole: its product and release, its language.

Read anew at each request, since an upgrade or `localectl` changes them under a running server.
"""

from __future__ import annotations

import locale
import os
import re
from collections.abc import Mapping

from openwmi.providers.host.host import Host

OS_RELEASE = ("/etc/os-release", "/usr/lib/os-release")
"""os-release(5): the first that exists counts, and the second only where there is no first."""

LOCALE_FILES = ("/etc/locale.conf", "/etc/default/locale")
"""locale.conf(5), and where Debian kept it before."""

MAC_RELEASE = "/System/Library/CoreServices/SystemVersion.plist"


def os_name(host: Host) -> str:
    """The product and its version for people: `Debian GNU/Linux 12 (bookworm)`, `macOS 14.5`."""
    return release(host)["PRETTY_NAME"]


def release(host: Host) -> Mapping[str, str]:
    """The assignments of os-release(5); on macOS what the system's own list says, under the same names.

    PRETTY_NAME is always there: the kernel's name and release where nothing better is known.
    """
    found = _mac_release(host) if host.system == "Darwin" else host.assignments(*OS_RELEASE)
    return {"PRETTY_NAME": f"{host.kernel.system} {host.kernel.release}", **found}


def language_id(host: Host) -> int | None:
    """The system's language as a Windows language identifier (1033 is en_US), or None: `C` is no language.

    From locale.conf, which holds for the whole system; on this machine, where there is none, from this process's
    environment.
    """
    settings = host.assignments(*LOCALE_FILES) or (os.environ if host.is_live else {})
    text = settings.get("LC_ALL") or settings.get("LANG") or ""
    return _LANGUAGES.get(re.split(r"[.@]", text)[0])


def code_page(host: Host) -> str | None:
    """The code page of the host's texts, such as `65001` for UTF-8; None where Windows has no number for it."""
    if host.is_live:
        encoding = locale.getencoding()
    else:
        encoding = host.assignments(*LOCALE_FILES).get("LANG", "").partition(".")[2] or "ascii"
    encoding = encoding.lower().replace("_", "-")
    windows = re.fullmatch(r"cp-?(\d{3,5})", encoding)
    return windows[1] if windows else _CODE_PAGES.get(encoding)


def _mac_release(host: Host) -> dict[str, str]:
    import plistlib  # noqa: PLC0415 - on macOS alone

    try:
        known = plistlib.loads(host.octets(MAC_RELEASE) or b"")
    except plistlib.InvalidFileException:
        return {}
    name, version = known.get("ProductName", "macOS"), known.get("ProductVersion", "")
    return {
        "PRETTY_NAME": f"{name} {version}".strip(),
        "VERSION_ID": version,
        "BUILD_ID": known.get("ProductBuildVersion", ""),
    }


# Python's table gives some names two numbers; the first is the usual one, except for Spanish, whose modern sort is.
_LANGUAGES = {name: number for number, name in reversed(locale.windows_locale.items())} | {"es_ES": 0x0C0A}

_CODE_PAGES = {"utf-8": "65001", "utf8": "65001", "ascii": "20127", "us-ascii": "20127", "ansi-x3.4-1968": "20127"}
