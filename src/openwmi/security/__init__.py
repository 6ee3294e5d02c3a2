"""Logins: who may come in, NTLM at both ends, and the keys that protect what follows.

    users = UsersFile("/etc/openwmi/users")          # refused where others can read it; re-read when it changes
    names = ServerNames.of_this_host()
    logins = Logins(users, names, peer="192.0.2.7")  # one for each connection
    ...
    logins.answer(association, event)                # for each rpc.TokenNeeded; False: the login was refused

- `UsersFile(path)`, `.lookup(domain, name, computer) -> User | None`. `add_user(path, r"DOM\\me", password) -> bool`
  adds or changes, `remove_user(path, r"DOM\\me") -> bool`; both replace the file in one step, mode 0600.
- `Logins(users, names, *, peer="", now=utc)` keeps one `NtlmAcceptor` for each security context of a connection.
- `NtlmAcceptor(users, names, now, nonce).step(token) -> Step(token, context | None)`: raises LoginRefused for a login
  that fails, RemoteProtocolError for octets that are no NTLM; the caller tells the peer the same of both.
- `NtlmInitiator(user, password, domain).step(token) -> Step`: the client's end, by pyspnego, which only it imports.
- `NtlmContext`: what a finished login leaves: `principal`, and `seal`, `unseal`, `sign`, `verify` for each fragment, as
  openwmi.rpc's SecurityContext asks for. This room does not import rpc; the two fit by structure.
- `AUTH_TYPE_NTLM`: RPC_C_AUTHN_WINNT, the one security provider that `Logins` answers for. NTLM inside of SPNEGO
  (type 9) and Kerberos are not here yet: a bind that asks for them is refused with "type not recognized".
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from openwmi.security.logins import Logins
from openwmi.security.names import ServerNames
from openwmi.security.nthash import nt_hash
from openwmi.security.ntlm_acceptor import NtlmAcceptor, Step, UserLookup
from openwmi.security.ntlm_context import NtlmContext
from openwmi.security.refusal import LoginRefused
from openwmi.security.users import User, UsersFile, add_user, parse_account, parse_users, remove_user

if TYPE_CHECKING:
    from openwmi.security.initiator import NtlmInitiator

AUTH_TYPE_NTLM: Final = 10

__all__ = [
    "AUTH_TYPE_NTLM",
    "LoginRefused",
    "Logins",
    "NtlmAcceptor",
    "NtlmContext",
    "NtlmInitiator",
    "ServerNames",
    "Step",
    "User",
    "UserLookup",
    "UsersFile",
    "add_user",
    "nt_hash",
    "parse_account",
    "parse_users",
    "remove_user",
]

if not TYPE_CHECKING:  # a type checker that saw this would take every misspelt name

    def __getattr__(name: str) -> Any:
        """NtlmInitiator is loaded when it is first used: a server never needs pyspnego."""
        if name == "NtlmInitiator":
            return import_module("openwmi.security.initiator").NtlmInitiator
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
