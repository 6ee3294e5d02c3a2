"""How far a client lets the server act as itself, as its NTLM login says ([MS-RPCE] 2.2.1.1.9, [MS-NLMP] 2.2.2.5)."""

from __future__ import annotations

import pytest

from openwmi.security import NtlmAcceptor, NtlmInitiator, ServerNames, User, nt_hash
from openwmi.security.ntlm_message import NtlmFlags

IDENTIFY, IMPERSONATE = 2, 3


class One:
    def lookup(self, domain: str, name: str, computer: str) -> User | None:
        return User("DOM", name, nt_hash("secret"))


@pytest.mark.parametrize(("wanted", "level"), [(False, IMPERSONATE), (True, IDENTIFY)])
def test_what_the_client_asks_for(wanted: bool, level: int) -> None:
    client = NtlmInitiator("me", "secret", "DOM")
    acceptor = NtlmAcceptor(One(), ServerNames.of_host("host1.example.org"), lambda: 0)
    offer = client.step().token
    flags = int.from_bytes(offer[12:16], "little") | (int(NtlmFlags.IDENTIFY) if wanted else 0)
    challenge = acceptor.step(offer[:12] + flags.to_bytes(4, "little") + offer[16:]).token
    # The client does not know that it was said in its name, and proves what it has said itself.
    acceptor._negotiate = offer
    context = acceptor.step(client.step(challenge).token).context
    assert context is not None
    assert context.impersonation == level
