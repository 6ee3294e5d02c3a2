"""Who logs in to another machine, and how: by NTLM with a password or its hash, or by Kerberos."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.security import Initiator, KerberosInitiator, negotiate, parse_account


@dataclass(frozen=True, slots=True)
class Credentials:
    """A user's.

    Attributes:
        user: `DOM\\me`, `me@REALM` or `me`; None for whoever the Kerberos cache is of.
        password: in clear.
        nt_hash: the password's hash instead (16 octets), for NTLM alone.
        kerberos: "auto": Kerberos alone without a password; with one where the user is written `me@REALM`, and NTLM
            where there is no ticket to be had. True: Kerberos alone. False: NTLM alone.
        spn_host: the name by which Kerberos knows the machine, where that is not the one it is reached by.

    Raises WbemError(INVALID_PARAMETER) for what cannot be meant together.
    """

    user: str | None = None
    password: str | None = field(default=None, repr=False)
    nt_hash: bytes | None = field(default=None, repr=False)
    kerberos: Literal["auto"] | bool = "auto"
    spn_host: str | None = None

    def __post_init__(self) -> None:
        secret = self.password is not None or self.nt_hash is not None
        for given, kind in ((self.user, str), (self.password, str), (self.nt_hash, bytes)):
            if given is not None and not isinstance(given, kind):  # which is not shown: it may be a secret
                raise _unfit(f"a user and a password are text, a hash octets: one of them is {type(given).__name__}")
        if self.nt_hash is not None and (self.password is not None or len(self.nt_hash) != NT_HASH_SIZE):
            raise _unfit("an NT hash has 16 octets, and stands in place of the password")
        if self.nt_hash is not None and self.kerberos is True:
            raise _unfit("an NT hash is for NTLM, and not for Kerberos")
        if secret and not self.user:
            raise _unfit("a password is somebody's: give the user, too")
        if self.kerberos is False and not secret:
            raise _unfit("NTLM needs a user and a password, or the password's NT hash")
        if self.kerberos not in ("auto", True, False):
            raise _unfit(f'kerberos is "auto", True or False, and this is {self.kerberos!r}')

    def login(self, host: str) -> Callable[[], Initiator]:
        """What begins a login to a machine, as dcom.Means has it. It raises LoginRefused where that cannot begin."""
        user, domain = self._account()
        spn_host = self.spn_host or host
        by_kerberos = self._by_kerberos(spn_host)

        def begin() -> Initiator:  # a partial would show the password
            if not by_kerberos:
                from openwmi.security import NtlmInitiator  # noqa: PLC0415 - Kerberos alone needs no pyspnego

                return NtlmInitiator(user, self.password or "", domain, nt_hash=self.nt_hash)
            if self.kerberos is not True and self.password is not None:
                return negotiate(spn_host, user, self.password, domain)
            principal = f"{user}@{domain}" if user and domain else user
            return KerberosInitiator(spn_host, principal, self.password or "")

        return begin

    def _account(self) -> tuple[str, str]:
        """The user's name and domain."""
        if not self.user:
            return "", ""
        name, at, realm = self.user.rpartition("@")
        if at and name and "\\" not in self.user:
            return name, realm
        domain, name = parse_account(self.user)
        return name, domain

    def _by_kerberos(self, host: str) -> bool:
        if self.nt_hash is not None or self.kerberos is False:
            return False
        if self.kerberos is True or self.password is None:
            return True
        return "@" in (self.user or "") and not _is_address(host)


NT_HASH_SIZE = 16


def _is_address(host: str) -> bool:
    """There are tickets for names, and none for addresses."""
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


def _unfit(text: str) -> WbemError:
    return WbemError(WbemStatus.INVALID_PARAMETER, text)
