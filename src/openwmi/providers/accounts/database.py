"""The accounts of this host as its files have them: passwd(5), group(5) and shadow(5).

Accounts of a directory (LDAP, a domain) are in no file, and no name service lists them all: they are not here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from openwmi.providers.host import Host

DAY_SECONDS = 86400


@dataclass(frozen=True, slots=True)
class User:
    """A line of passwd(5)."""

    name: str
    password: str
    uid: int
    gid: int
    comment: str


@dataclass(frozen=True, slots=True)
class Group:
    """A line of group(5); `members` does not have those whose first group it is."""

    name: str
    gid: int
    members: tuple[str, ...]


T = TypeVar("T", User, Group)


@dataclass(frozen=True, slots=True)
class Secret:
    """A line of shadow(5) without the secret itself: whether there is a password, and days since 1970.

    Attributes:
        is_locked: whether no password can be the right one.
        is_empty: whether none is asked for.
        least: days that a password has to be kept; None if nobody says.
        most: days after which it has to be another one.
        expires: the day from which the account cannot be used.
    """

    is_locked: bool
    is_empty: bool
    least: int | None
    most: int | None
    expires: int | None


class Accounts:
    """The three files, each read when somebody first needs it, and once."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.domain = host.kernel.node
        self.today = int(host.now() // DAY_SECONDS)

    @cached_property
    def users(self) -> list[User]:
        """By name each once: of two lines with one name programs see the first."""
        return _first(_users(self.host))

    @cached_property
    def groups(self) -> list[Group]:
        return _first(_groups(self.host))

    @cached_property
    def names(self) -> frozenset[str]:
        """Of the users."""
        return frozenset(user.name for user in self.users)

    @cached_property
    def secrets(self) -> dict[str, Secret]:
        """By account. OSError where the file is not there, or not for us to read."""
        found = self.host.load("/etc/shadow").decode("utf-8", "replace")
        lines = [line.split(":") for line in found.splitlines()]
        return {line[0]: _secret(line) for line in lines if len(line) > 7}

    @cached_property
    def memberships(self) -> list[tuple[str, str]]:
        """Group and user: whom the group names, and whose first group it is. Both exist, and no pair is there twice."""
        first: dict[int, list[str]] = {}
        for user in self.users:
            first.setdefault(user.gid, []).append(user.name)
        pairs: dict[tuple[str, str], None] = {}
        for group in self.groups:
            named = [name for name in group.members if name in self.names]
            pairs.update(dict.fromkeys((group.name, name) for name in [*first.pop(group.gid, []), *named]))
        return list(pairs)


def _users(host: Host) -> Iterator[User]:
    if host.is_live and host.system == "Darwin":
        from pwd import getpwall  # noqa: PLC0415 - macOS keeps its users in no file

        yield from (User(each.pw_name, "x", each.pw_uid, each.pw_gid, each.pw_gecos) for each in getpwall())
        return
    for line in host.lines("/etc/passwd"):
        name, *rest = line.split(":")
        if len(rest) >= _PASSWD_FIELDS and _is_name(name) and rest[1].isdecimal() and rest[2].isdecimal():
            yield User(name, rest[0], int(rest[1]), int(rest[2]), rest[3])


def _groups(host: Host) -> Iterator[Group]:
    if host.is_live and host.system == "Darwin":
        from grp import getgrall  # noqa: PLC0415 - likewise

        yield from (Group(each.gr_name, each.gr_gid, tuple(each.gr_mem)) for each in getgrall())
        return
    for line in host.lines("/etc/group"):
        name, *rest = line.split(":")
        if len(rest) >= _GROUP_FIELDS and _is_name(name) and rest[1].isdecimal():
            yield Group(name, int(rest[1]), tuple(filter(None, rest[2].split(","))))


_PASSWD_FIELDS = 5  # behind the name; what is cut off there is no account
_GROUP_FIELDS = 3


def _is_name(name: str) -> bool:
    """Not a comment, and not a line that means a whole network (`+`, `-@group`)."""
    return bool(name) and name[0] not in "#+-"


def _first(lines: Iterator[T]) -> list[T]:
    found: dict[str, T] = {}
    for line in lines:
        found.setdefault(line.name, line)
    return list(found.values())


def _secret(line: list[str]) -> Secret:
    """`!` before a password locks it, and `*` is in place of one (shadow(5)): passwd(1) calls both locked."""
    least, most, expires = (int(line[at]) if line[at].isdecimal() else None for at in (3, 4, 7))
    return Secret(line[1][:1] in {"!", "*"}, not line[1], least, most, expires)
