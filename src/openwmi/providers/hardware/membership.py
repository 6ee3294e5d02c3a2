"""Which domain of Windows, or workgroup, a host says that it belongs to: Samba's settings, SSSD's, FreeIPA's.

They are read as they are written, so that a host that was joined and then removed by hand may still say it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from openwmi.providers.host import Host

SAMBA = ("/etc/samba/smb.conf", "/usr/local/etc/smb.conf")
SSSD = "/etc/sssd"
FREE_IPA = "/etc/ipa/default.conf"


class Membership(NamedTuple):
    """What is NULL is not known.

    Attributes:
        is_member: of a domain.
        domain: its name; with DNS, where it has such a name.
        workgroup: for those who are in no domain.
        controls: 4 for a second controller of the domain, 5 for the first, as DomainRole counts; 0 for one of which
            that is not known; None for who is none.
    """

    is_member: bool | None
    domain: str | None = None
    workgroup: str | None = None
    controls: int | None = None


def membership(host: Host) -> Membership:
    """The first of the three that says something decides."""
    samba = next((found for found in (_sections(host, path) for path in SAMBA) if found), {}).get("global", {})
    role = samba.get("server role", "").lower()
    workgroup = samba.get("workgroup", "").upper() or None
    if samba.get("security", "").lower() in {"ads", "domain"} or role in {"member server", "member"} | _CONTROLS.keys():
        return Membership(True, samba.get("realm", "").lower() or workgroup, None, _CONTROLS.get(role))
    domain = _of_sssd(host) or _sections(host, FREE_IPA).get("global", {}).get("domain")
    if domain:
        return Membership(True, domain)
    return Membership(None if _is_hidden(host) else False, None, workgroup)


def _of_sssd(host: Host) -> str | None:
    for name, settings in _sections(host, f"{SSSD}/sssd.conf").items():
        provider = settings.get("id_provider", "").lower()
        if name.startswith("domain/") and provider in {"ad", "ipa"}:
            return settings.get(f"{provider}_domain") or name.removeprefix("domain/")
    return None


def _is_hidden(host: Host) -> bool:
    """Whether settings may be there that must not be read, so that nobody can say no."""
    settings = f"{SSSD}/sssd.conf"
    if not host.is_dir(SSSD):
        return not host.is_dir("/etc")
    return host.count(SSSD) is None or (host.exists(settings) and host.octets(settings) is None)


def _sections(host: Host, path: str) -> Mapping[str, Mapping[str, str]]:
    """A file of `[section]` and `name = value`; names in small letters with single blanks, as Samba takes them."""
    found: dict[str, dict[str, str]] = {}
    section: dict[str, str] = {}
    for line in host.lines(path):
        text = line.strip()
        heading = re.fullmatch(r"\[([^\]]+)\]", text)
        if heading:
            section = found.setdefault(heading[1].strip().lower(), {})
        elif text and text[0] not in "#;":
            name, given, value = text.partition("=")
            if given:
                section[" ".join(name.lower().split())] = value.strip()
    return found


# Controllers of Active Directory are equal but for who has the part of the first, and no file says who that is.
_CONTROLS = {
    "classic primary domain controller": 5,
    "classic backup domain controller": 4,
    "active directory domain controller": 0,
    "domain controller": 0,
    "dc": 0,
}
