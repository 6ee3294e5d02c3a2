"""Who logs in, and by what."""

from __future__ import annotations

from typing import Any

import pytest

from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.client import Credentials
from openwmi.dcom import Means
from openwmi.security import KerberosInitiator, NegotiateInitiator, NtlmInitiator, nt_hash


@pytest.mark.parametrize(
    ("given", "host", "kind"),
    [
        ({"user": r"DOM\me", "password": "x"}, "srv1", NtlmInitiator),
        ({"user": "me", "password": "x"}, "srv1", NtlmInitiator),
        ({"user": "me", "nt_hash": nt_hash("x")}, "srv1", NtlmInitiator),
        ({"user": "me@EXAMPLE.ORG", "nt_hash": nt_hash("x")}, "srv1", NtlmInitiator),
        ({"user": "me@EXAMPLE.ORG", "password": "x", "kerberos": False}, "srv1", NtlmInitiator),
        # There are no tickets for addresses.
        ({"user": "me@EXAMPLE.ORG", "password": "x"}, "192.0.2.1", NtlmInitiator),
        ({"user": "me@EXAMPLE.ORG", "password": "x"}, "fe80::1%eth0", NtlmInitiator),
        ({"user": "me@EXAMPLE.ORG", "password": "x"}, "srv1.example.org", NegotiateInitiator),
        ({"user": "me@EXAMPLE.ORG", "password": "x", "spn_host": "srv1"}, "192.0.2.1", NegotiateInitiator),
        ({"user": r"EXAMPLE.ORG\me", "password": "x", "kerberos": True}, "srv1", KerberosInitiator),
        ({"user": "me@EXAMPLE.ORG"}, "srv1", KerberosInitiator),
        ({"kerberos": True}, "srv1", KerberosInitiator),
        ({}, "srv1", KerberosInitiator),
    ],
)
def test_by_what(given: dict[str, Any], host: str, kind: type) -> None:
    assert isinstance(Credentials(**given).login(host)(), kind)


def test_a_secret_is_not_shown() -> None:
    assert "hidden" not in repr(Credentials("me", "hidden"))
    assert "5858" not in repr(Credentials("me", nt_hash=b"XX" * 8))
    assert "me" in repr(Credentials("me", "hidden"))


@pytest.mark.parametrize("given", [{"kerberos": False}, {"kerberos": True}, {}], ids=str)
@pytest.mark.parametrize("host", ["srv1", "192.0.2.1"])
def test_nor_by_what_has_it(given: dict[str, Any], host: str) -> None:
    login = Credentials("me@EXAMPLE.ORG", "hidden", **given).login(host)
    assert "hidden" not in repr(Means(login))
    assert "hidden" not in repr(login())


@pytest.mark.parametrize(
    "given", [{"user": 5}, {"password": b"hidden"}, {"nt_hash": "hidden"}], ids=["user", "password", "hash"]
)
def test_what_is_no_text(given: dict[str, Any]) -> None:
    with pytest.raises(WbemError, match="are text") as failure:
        Credentials(**{"user": "me", **given})
    assert failure.value.status == WbemStatus.INVALID_PARAMETER
    assert "hidden" not in failure.value.message
