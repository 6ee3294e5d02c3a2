"""The users file: who may log in, by the NT hash of a password.

One user a line, in any of four spellings; `#` begins a comment line:

    DOMAIN\\user:0123456789abcdef0123456789abcdef      ours: the NT hash in hex; without "DOMAIN\\" any domain will do
    user:1000:LMHASH…:NTHASH…:[U          ]:LCT-…:    a line of smbpasswd
    DOMAIN:user:password                              a line of an NTLM_USER_FILE
    user@REALM                                        may log in by Kerberos, which needs no hash

The hashes are as good as passwords, so a file that others can read or change is refused. No secret is ever part of a
message.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from openwmi.base.case import fold
from openwmi.base.error import AccessDenied, WbemError
from openwmi.base.status import WbemStatus
from openwmi.security.nthash import nt_hash

if sys.platform != "win32":
    import fcntl

_OURS: Final = re.compile(r"(?:(?P<domain>[^:\\]*)\\)?(?P<name>[^:\\]+):(?P<hash>[0-9A-Fa-f]{32})")
_SMBPASSWD: Final = re.compile(
    r"(?P<name>[^:\\]+):\d+:[0-9A-Fa-fX*NOPASWRD ]{32}:(?P<hash>[0-9A-Fa-fX*NOPASWRD ]{32}):\[(?P<flags>[A-Z ]*)\]:.*"
)
_NTLM_USER_FILE: Final = re.compile(r"(?P<domain>[^:\\]*):(?P<name>[^:\\]+):(?P<password>.+)")
_PRINCIPAL: Final = re.compile(r"[^:\\\s#@]+@[^:\\\s@]+")
_HEX: Final = re.compile(r"[0-9A-Fa-f]{32}")
_ACCOUNT_NAME: Final = re.compile(r"(?:(?P<domain>[^:\\\s#][^:\\]*)\\)?(?P<name>[^:\\\s#][^:\\]*)")


@dataclass(frozen=True, slots=True)
class User:
    """One account. `domain` "" stands for any."""

    domain: str
    name: str
    nt_hash: bytes = field(repr=False)

    @property
    def principal(self) -> str:
        """`DOMAIN\\user`, as the file spells it; the name alone where any domain will do."""
        return f"{self.domain}\\{self.name}" if self.domain else self.name


class NoUsers:
    """Of those who let nobody in by a password."""

    def lookup(self, domain: str, name: str, computer: str) -> None:  # noqa: ARG002 - whoever it is
        """None."""
        return


class UsersFile:
    """The users of a file, read again when the file has changed. Opening it fails as reading it would."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = Path(path)
        self._seen: tuple[int, ...] = ()
        self._exact: dict[tuple[str, str], User] = {}
        self._by_name: dict[str, list[User]] = {}
        self._principals: frozenset[str] = frozenset()
        self._refresh()

    def __len__(self) -> int:
        return len(self._exact)

    def __iter__(self) -> Iterator[User]:
        """The accounts, in the order of the file."""
        return iter(self._exact.values())

    @property
    def principals(self) -> frozenset[str]:
        """Who may log in by Kerberos."""
        return self._principals

    def lookup(self, domain: str, name: str, computer: str) -> User | None:
        """The account that a client means by a domain and a name; None if there is none, or more than one.

        In this order: that very account; one of any domain; and where the client names no domain, "." or this
        `computer`, the only account of that name. Raises WbemError when the file has become unreadable: then nobody
        gets in.
        """
        self._refresh()
        key = fold(name)
        found = self._exact.get((fold(domain), key)) or self._exact.get(("", key))
        if found is None and fold(domain) in {"", ".", fold(computer)}:
            same_name = self._by_name.get(key, [])
            found = same_name[0] if len(same_name) == 1 else None
        return found

    def admits(self, principal: str) -> bool:
        """Whether `me@EXAMPLE.ORG`, whom Kerberos vouches for, may log in; capitals count, as they do to Kerberos."""
        self._refresh()
        return principal in self._principals

    def _refresh(self) -> None:
        try:
            now = self._path.stat()
        except OSError as error:
            raise _unreadable(self._path, error) from None
        seen = now.st_mtime_ns, now.st_ctime_ns, now.st_size, now.st_ino, now.st_mode, now.st_uid
        if seen == self._seen:
            return
        exact: dict[tuple[str, str], User] = {}
        by_name: dict[str, list[User]] = {}
        text = _read(self._path)
        for user in parse_users(text, str(self._path)):
            exact[fold(user.domain), fold(user.name)] = user
        for user in exact.values():
            by_name.setdefault(fold(user.name), []).append(user)
        self._principals = frozenset(filter(_PRINCIPAL.fullmatch, map(str.rstrip, text.split("\n"))))
        self._exact, self._by_name, self._seen = exact, by_name, seen


def parse_users(text: str, source: str) -> Iterator[User]:
    """The accounts of a users file's text, disabled ones left out; a line that is none raises INVALID_PARAMETER."""
    for number, ended in enumerate(text.split("\n"), 1):
        line = ended.removesuffix("\r")
        if not line.strip() or line.startswith("#") or _PRINCIPAL.fullmatch(line):
            continue
        if found := _SMBPASSWD.fullmatch(line):
            if _HEX.fullmatch(found["hash"]) and not set(found["flags"]) & {"D", "N"}:
                yield User("", found["name"], bytes.fromhex(found["hash"]))
        elif found := _OURS.fullmatch(line):
            yield User(found["domain"] or "", found["name"], bytes.fromhex(found["hash"]))
        elif found := _NTLM_USER_FILE.fullmatch(line):
            yield User(found["domain"], found["name"], nt_hash(found["password"]))
        else:
            raise WbemError(
                WbemStatus.INVALID_PARAMETER,
                f"{source}, line {number}: not DOMAIN\\user:hash, nor a line of smbpasswd or of an NTLM_USER_FILE",
            )


def parse_nt_hash(text: str) -> bytes:
    """32 hexadecimal digits -> 16 octets. INVALID_PARAMETER, which does not say what was given."""
    if _HEX.fullmatch(text) is None:
        raise WbemError(WbemStatus.INVALID_PARAMETER, "an NT hash is 32 hexadecimal digits, and this is something else")
    return bytes.fromhex(text)


def parse_account(text: str) -> tuple[str, str]:
    """`DOM\\user` or `user` -> (domain, name). INVALID_PARAMETER for what cannot stand in the file."""
    found = _ACCOUNT_NAME.fullmatch(text)
    if found is None or not text.isprintable():
        raise WbemError(WbemStatus.INVALID_PARAMETER, f"{text!r} is not a user name: give DOMAIN\\user or user")
    return found["domain"] or "", found["name"]


def add_user(path: str | os.PathLike[str], account: str, password: str | bytes) -> bool:
    """Adds `DOM\\user` with this password, or changes it; True if it is new. The file is made if it is not there.

    Octets are the NT hash of a password, which is all that the file ever holds of one. Other lines stay as they
    are. The file is replaced in one step, and can be read by its owner alone.
    """
    domain, name = parse_account(account)
    if not password:
        raise WbemError(WbemStatus.INVALID_PARAMETER, "an empty password lets everybody in")
    hashed = nt_hash(password) if isinstance(password, str) else password
    line = f"{User(domain, name, b'').principal}:{hashed.hex()}"
    return not _rewrite(Path(path), domain, name, line)


def remove_user(path: str | os.PathLike[str], account: str) -> bool:
    """Takes the account's lines out; False if there were none."""
    domain, name = parse_account(account)
    return _rewrite(Path(path), domain, name, None)


def _rewrite(path: Path, domain: str, name: str, line: str | None) -> bool:
    """Puts `line` where the account's first line was, or at the end; its other lines go. Whether there was one."""
    path = path.resolve()
    with _locked(path.parent):
        exists = path.exists()
        lines = _read(path).removesuffix("\n").split("\n") if exists else []
        wanted = fold(domain), fold(name)
        kept: list[str] = []
        there = False
        for number, old in enumerate(lines, 1):
            users = list(parse_users(old, f"{path}, line {number}"))
            if not users or (fold(users[0].domain), fold(users[0].name)) != wanted:
                kept.append(old)
            else:
                if line is not None and not there:
                    kept.append(line)
                there = True
        if line is not None and not there:
            kept.append(line)
        if exists or kept:
            _replace(path, "".join(f"{text}\n" for text in kept))
    return there


def _read(path: Path) -> str:
    """The file's text, once it is sure that only its owner can have written and read it."""
    try:
        with open(path, "rb", opener=_open_at_once) as file:
            _check_owner(path, os.fstat(file.fileno()))
            return file.read().decode("utf-8-sig")
    except WbemError:  # AccessDenied is an OSError as well
        raise
    except OSError as error:
        raise _unreadable(path, error) from None
    except UnicodeDecodeError:
        raise WbemError(WbemStatus.INVALID_PARAMETER, f"{path} is not UTF-8 text") from None


def _open_at_once(path: str, flags: int) -> int:
    """Opens a pipe without waiting for its other end: a server that reads its users again must not stand still."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _check_owner(path: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise WbemError(WbemStatus.INVALID_PARAMETER, f"{path} is no ordinary file")
    if sys.platform == "win32":
        return
    if status.st_uid not in {os.geteuid(), 0}:
        raise AccessDenied(None, f"{path} belongs to another user, who could let anybody in: chown it")
    if stat.S_IMODE(status.st_mode) & 0o077:
        raise AccessDenied(None, f"others can read or change {path}, which holds password hashes: chmod 600 it")


def _replace(path: Path, text: str) -> None:
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            if sys.platform != "win32" and path.exists():
                old = path.stat()
                if (old.st_uid, old.st_gid) != (os.geteuid(), os.getegid()):
                    os.fchown(descriptor, old.st_uid, old.st_gid)
            file.write(text.encode())
            file.flush()
            os.fsync(descriptor)
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise WbemError(WbemStatus.FAILED, f"cannot write {path}: {error.strerror}") from None
    _sync_folder(path.parent)


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Two writers take turns, so that neither loses what the other added."""
    if sys.platform == "win32":
        yield
        return
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise _unreadable(folder, error) from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _sync_folder(folder: Path) -> None:
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _unreadable(path: Path, error: OSError) -> WbemError:
    kinds = {FileNotFoundError: WbemStatus.NOT_FOUND, PermissionError: WbemStatus.ACCESS_DENIED}
    return WbemError(kinds.get(type(error), WbemStatus.FAILED), f"cannot read {path}: {error.strerror}")
