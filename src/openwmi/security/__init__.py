"""Logins: who may come in, NTLM at both ends, and the keys that protect what follows.

    users = UsersFile("/etc/openwmi/users")          # refused where others can read it; re-read when it changes
    names = ServerNames.of_this_host()
    logins = Logins(users, names, peer="192.0.2.7")  # one for each connection
    ...
    logins.answer(association, event)                # for each rpc.TokenNeeded; False: the login was refused

- `UsersFile(path)`, `.lookup(domain, name, computer) -> User | None`. `add_user(path, r"DOM\\me", password) -> bool`
  adds or changes, `remove_user(path, r"DOM\\me") -> bool`; both replace the file in one step, mode 0600.
- `Logins(users, names, *, peer="", now=utc, kerberos=None, throttle=None)` keeps one acceptor for each security context
  of a connection: NTLM, Negotiate, and Kerberos where `kerberos` makes one. `Throttle` makes guessers wait.
- `NtlmAcceptor(users, names, now, nonce).step(token) -> Step(token, context | None)`: raises LoginRefused for a login
  that fails, RemoteProtocolError for octets that are no NTLM; the caller tells the peer the same of both.
- `NtlmInitiator(user, password, domain).step(token) -> Step`: the client's end, by pyspnego, which only it imports.
- `KerberosAcceptor(users.admits, keytab)`, `KerberosInitiator(host, user, password)`: by the system's GSS-API, with the
  extra `kerberos`. Its initiator `blocks`: it may ask a KDC.
- `NegotiateAcceptor`, `NegotiateInitiator`: SPNEGO, which agrees on one of them; `negotiate(…)` makes the usual one.
- `NtlmContext`, `KerberosContext`: what a finished login leaves: `principal`, and `seal`, `unseal`, `sign`, `verify`
  for each fragment, as openwmi.rpc's SecurityContext asks for. This room does not import rpc; they fit by structure.
- `AUTH_TYPE_NTLM`, `AUTH_TYPE_NEGOTIATE`, `AUTH_TYPE_KERBEROS`: the numbers that DCE/RPC has for them.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from openwmi.security import spnego
from openwmi.security.kerberos import (
    KerberosAcceptor,
    KerberosContext,
    KerberosInitiator,
    cached_principal,
    check_keytab,
)
from openwmi.security.logins import Logins, Verdict
from openwmi.security.mechanism import (
    AUTH_TYPE_KERBEROS,
    AUTH_TYPE_NEGOTIATE,
    AUTH_TYPE_NTLM,
    Acceptor,
    Context,
    Initiator,
    Step,
)
from openwmi.security.names import ServerNames
from openwmi.security.negotiate import NegotiateAcceptor, NegotiateInitiator
from openwmi.security.nthash import nt_hash
from openwmi.security.ntlm_acceptor import NtlmAcceptor, UserLookup
from openwmi.security.ntlm_context import NtlmContext
from openwmi.security.refusal import LoginRefused
from openwmi.security.throttle import Throttle
from openwmi.security.users import (
    NoUsers,
    User,
    UsersFile,
    add_user,
    parse_account,
    parse_nt_hash,
    parse_users,
    remove_user,
)

if TYPE_CHECKING:
    from openwmi.security.initiator import NtlmInitiator

__all__ = [
    "AUTH_TYPE_KERBEROS",
    "AUTH_TYPE_NEGOTIATE",
    "AUTH_TYPE_NTLM",
    "Acceptor",
    "Context",
    "Initiator",
    "KerberosAcceptor",
    "KerberosContext",
    "KerberosInitiator",
    "LoginRefused",
    "Logins",
    "NegotiateAcceptor",
    "NegotiateInitiator",
    "NoUsers",
    "NtlmAcceptor",
    "NtlmContext",
    "NtlmInitiator",
    "ServerNames",
    "Step",
    "Throttle",
    "User",
    "UserLookup",
    "UsersFile",
    "Verdict",
    "add_user",
    "cached_principal",
    "check_keytab",
    "negotiate",
    "nt_hash",
    "parse_account",
    "parse_nt_hash",
    "parse_users",
    "remove_user",
]


def negotiate(
    host: str, user: str = "", password: str = "", domain: str = "", *, kerberos: bool = True
) -> NegotiateInitiator:
    """The usual login of a client: Kerberos where there is a ticket for the host, NTLM where there is a password.

    Without a user, whoever the ticket cache is of. `kerberos` False: by NTLM alone.
    """

    def ntlm() -> Initiator:
        made: Initiator = import_module("openwmi.security.initiator").NtlmInitiator(user, password, domain)
        return made

    def ticket() -> Initiator:
        return KerberosInitiator(host, f"{user}@{domain}" if user and domain else user, password)

    ways = [(spnego.KERBEROS, ticket)] if kerberos else []
    if password:
        ways.append((spnego.NTLM, ntlm))
    return NegotiateInitiator(ways, blocks=kerberos)


if not TYPE_CHECKING:  # a type checker that saw this would take every misspelt name

    def __getattr__(name: str) -> Any:
        """NtlmInitiator is loaded when it is first used: a server never needs pyspnego."""
        if name == "NtlmInitiator":
            return import_module("openwmi.security.initiator").NtlmInitiator
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
