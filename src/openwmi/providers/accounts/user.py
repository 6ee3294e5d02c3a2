"""Win32_UserAccount of this host, from passwd(5), and from shadow(5) where this process may read it.

Page win32-useraccount. A SID is what Samba gives to accounts of Unix that no domain knows: S-1-22-1 and the number.
It is the one form that other programs know such accounts by, and it says no more than the number does.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from openwmi.engine.provider import Request
from openwmi.providers.accounts.database import Accounts, Secret, User
from openwmi.providers.reading import HostProvider, Null, Reads, Table, always


class Account:
    """A user, and what the files say about the password."""

    def __init__(self, accounts: Accounts, user: User) -> None:
        self.accounts = accounts
        self.user = user

    @cached_property
    def secret(self) -> Secret:
        """OSError, KeyError where it is not known."""
        return self.accounts.secrets[self.user.name]

    @property
    def is_disabled(self) -> bool:
        expires = self.secret.expires
        return self.secret.is_locked or (expires is not None and expires <= self.accounts.today)


def _full_name(of: Account) -> str:
    """The first part of the comment; `&` there stands for the name of the account (passwd(5))."""
    return of.user.comment.split(",")[0].replace("&", of.user.name.capitalize())


def _is_password_changeable(of: Account) -> bool:
    """Not where it must be kept for longer than it may be: "the user cannot change the password" (shadow(5))."""
    least, most = of.secret.least, of.secret.most
    return least is None or most is None or least <= most


def _expires(of: Account) -> bool:
    """The tools write "never" from 10000 days on; 99999 is what distributions set."""
    most = of.secret.most
    return most is not None and most < _NEVER_DAYS


def _is_password_required(of: Account) -> bool:
    """An empty password is none, be it in passwd or in shadow; `x` there means that it is in shadow."""
    return of.user.password != "" and (of.user.password != _IN_SHADOW or not of.secret.is_empty)


_IN_SHADOW = "x"
_NEVER_DAYS = 10000
_SHADOW = "NULL for who may not read that"

TABLE: Table[Account] = {
    "Caption": Reads("Domain\\Name", lambda of: f"{of.accounts.domain}\\{of.user.name}"),
    "Description": Null("accounts have no text but their users' names"),
    "InstallDate": Null("it is not noted"),
    "Name": Reads("/etc/passwd", lambda of: of.user.name),
    "Status": Reads(
        f"OK, or Degraded for an account that is disabled; {_SHADOW}",
        lambda of: "Degraded" if of.is_disabled else "OK",
    ),
    "Domain": Reads("uname(2) nodename", lambda of: of.accounts.domain),
    "LocalAccount": always(True),
    "SID": Reads("S-1-22-1-UID, as Samba maps users of Unix", lambda of: f"S-1-22-1-{of.user.uid}"),
    "SIDType": always(1),
    "AccountType": always(512),
    "Disabled": Reads(
        f"/etc/shadow: the password is locked, as passwd(1) shows it, or the account has expired; {_SHADOW}",
        lambda of: of.is_disabled,
    ),
    "FullName": Reads("/etc/passwd, the first part of the comment", _full_name),
    "Lockout": Null("what counts failures, if anything does, depends on PAM"),
    "PasswordChangeable": Reads(
        f"/etc/shadow: the least age is not above the greatest; {_SHADOW}", _is_password_changeable
    ),
    "PasswordExpires": Reads(f"/etc/shadow: the greatest age is below 10000 days; {_SHADOW}", _expires),
    "PasswordRequired": Reads(
        f"/etc/passwd and /etc/shadow: the password is not empty; {_SHADOW}", _is_password_required
    ),
}


class UserAccountProvider(HostProvider[Account]):
    """The users in /etc/passwd."""

    cim_class = "Win32_UserAccount"
    table = TABLE

    def samples(self, request: Request) -> Iterator[Account]:  # noqa: ARG002 - as of any provider
        accounts = Accounts(self.host)
        for user in accounts.users:
            yield Account(accounts, user)
