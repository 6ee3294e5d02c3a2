"""Whether a device is meant by a Probe: its types, and its scopes by one of the rules (2005: 5.1; 1.1: 5.1).

The rule `none` is of 1.1 alone: who has no scopes. rfc2396, uuid, ldap and strcmp0 are worded alike in both, but for
the name that 1.1 gives the first, rfc3986.

Types are compared by namespace and name, never by prefix. A rule compares one scope of the Probe with one of the
device; each of the Probe's must match some of the device's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from openwmi.base.guid import parse as parse_guid
from openwmi.soap import Profile, QName
from openwmi.wsd.messages import Probe

Rule = Callable[[str, str], bool]
"""Whether the scope that is looked for (the first) matches a scope of a device (the second)."""

NO_RULES: Final[Mapping[str, Rule]] = {}


class UnknownRule(Exception):  # noqa: N818 - not a fault of the program: a client asked for it
    """A Probe names a rule for scopes that is not known here."""


def matches(
    probe: Probe, profile: Profile, types: Iterable[QName], scopes: Iterable[str], rules: Mapping[str, Rule] = NO_RULES
) -> bool:
    """Whether a device of these types and scopes is meant. UnknownRule.

    Args:
        probe: what is looked for.
        profile: whose rules are meant.
        types: of the device.
        scopes: of the device.
        rules: further ones, by their URIs.
    """
    if not set(probe.types) <= set(types):
        return False
    if not probe.scopes and not probe.match_by:
        return True
    uri = probe.match_by or profile.default_rule
    name = profile.rules.get(uri, "")
    rule = rules.get(uri) or _RULES.get(name)
    own = tuple(scopes)
    if name == "none":
        return not own
    if rule is None:
        raise UnknownRule(uri)
    return all(any(rule(wanted, scope) for scope in own) for wanted in probe.scopes)


def rfc2396(wanted: str, scope: str) -> bool:
    """The same scheme and authority, whatever their case; the path begins with the segments of the wanted one.

    Query and fragment do not count. A path with the segments `.` or `..` matches nothing.
    """
    first, second = _URI.fullmatch(wanted), _URI.fullmatch(scope)
    if first is None or second is None or first["scheme"].lower() != second["scheme"].lower():
        return False
    authorities = [each["authority"] and each["authority"].lower() for each in (first, second)]
    if authorities[0] != authorities[1]:
        return False
    here, there = _segments(first["path"]), _segments(second["path"])
    return not _DOTS & {*here, *there} and there[: len(here)] == here


def uuid(wanted: str, scope: str) -> bool:
    """The same UUID, whatever the case of its digits: `uuid:…` or `urn:uuid:…`."""
    found = [_uuid_in(each) for each in (wanted, scope)]
    return found[0] is not None and found[0] == found[1]


def ldap(wanted: str, scope: str) -> bool:
    """The same directory; the wanted entry is the other one's or above it. Case does not count.

    The text wants the RDNSequence of the wanted entry to be a prefix of the other's. That sequence begins at the root,
    and is written from its end (RFC 2253, 2.1): the wanted one's parts are the last of the other's. The variants of
    RFC 2253, 4 (semicolons, space around commas) are not supported, as the text says.
    Windows: WCF takes it the same way, but compares the entries letter by letter.
    """
    first, second = _LDAP.fullmatch(wanted), _LDAP.fullmatch(scope)
    if first is None or second is None or first["host"].lower() != second["host"].lower():
        return False
    here, there = _names(first["dn"]), _names(second["dn"])
    return len(here) <= len(there) and there[len(there) - len(here) :] == here


def strcmp0(wanted: str, scope: str) -> bool:
    """Letter by letter."""
    return wanted == scope


_RULES: Final[dict[str, Rule]] = {"rfc2396": rfc2396, "uuid": uuid, "ldap": ldap, "strcmp0": strcmp0}

_URI: Final = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*):(?://(?P<authority>[^/?#]*))?(?P<path>[^?#]*)(?:\?[^#]*)?(?:#.*)?", re.DOTALL
)
_LDAP: Final = re.compile(r"ldap://(?P<host>[^/?]*)(?:/(?P<dn>[^?]*)(?:\?.*)?)?", re.IGNORECASE | re.DOTALL)
_ESCAPE: Final = re.compile(r"((?:%[0-9A-Fa-f]{2})+)")
_BETWEEN_COMMAS: Final = re.compile(r"(?:\\.|[^,\\])+", re.DOTALL)
_BETWEEN_PLUSES: Final = re.compile(r"(?:\\.|[^+\\])+", re.DOTALL)
_DOTS: Final = {".", ".."}


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(lambda found: bytes.fromhex(found[1].replace("%", "")).decode(errors="replace"), text)


def _segments(path: str) -> list[str]:
    """The first is empty where the path begins with a slash; the last never is."""
    found = [_unescaped(segment) for segment in path.split("/")]
    while found and not found[-1]:
        found.pop()
    return found


def _uuid_in(text: str) -> str | None:
    lower = text.lower()
    try:
        return str(parse_guid(lower.removeprefix("urn:").removeprefix("uuid:"))) if "uuid:" in lower else None
    except ValueError:
        return None


def _names(text: str | None) -> list[frozenset[str]]:
    """The parts of a distinguished name; several values of one part are in any order (RFC 2253, 2.2)."""
    parts = _BETWEEN_COMMAS.findall(_unescaped(text or "").lower())
    return [frozenset(_BETWEEN_PLUSES.findall(part)) for part in parts]
