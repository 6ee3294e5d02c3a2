"""What a caller learns of a failure over the wire, and who refused."""

from __future__ import annotations

import pytest
from tests.client.fakes import world

from openwmi.base.error import AccessDenied, NotFound, Unreachable, WbemError
from openwmi.base.fault import RemoteProtocolError
from openwmi.base.status import HResult, WbemStatus
from openwmi.client import Credentials
from openwmi.client.failures import explained, refused

USERS = {"me": "secret", "you": "hidden"}


async def test_the_words_of_the_server() -> None:
    async with world() as there, there.entered() as ns:
        with pytest.raises(NotFound) as failure:
            await ns.get("Demo_Thing='four'")
        assert "four" in failure.value.message
        assert failure.value.operation == "get Demo_Thing='four'"
        assert failure.value.extended is not None
        assert failure.value.extended["StatusCode"] == int(WbemStatus.NOT_FOUND)
        with pytest.raises(WbemError, match="FRO") as failure_of_query:
            await ns.query("SELECT * FRO Demo_Thing")
        assert failure_of_query.value.status == WbemStatus.INVALID_QUERY


async def test_who_refused() -> None:
    async with world(users=USERS, admins=["me"]) as there:
        with pytest.raises(AccessDenied, match="refused the login of me: the name or the password is wrong"):
            await there.enter(credentials=Credentials("me", "wrong"))
        with pytest.raises(NotFound, match=r"has no namespace root\\none"):
            await there.enter(r"root\none")
        async with there.entered(credentials=Credentials("you", "hidden")) as ns:
            with pytest.raises(AccessDenied):
                await ns.delete("Demo_Thing")


def test_refusals_by_their_layer() -> None:
    login = WbemError(HResult.E_ACCESSDENIED, "fault 5")
    activation = WbemError(HResult.E_ACCESSDENIED, operation="IRemoteSCMActivator.RemoteCreateInstance")
    namespace = WbemError(WbemStatus.ACCESS_DENIED, operation="IWbemLevel1Login.NTLMLogin")
    assert "refused the login of whoever the Kerberos cache is of" in refused(login, "srv1", "").message
    assert "remote activation is to be allowed" in refused(activation, "srv1", "me").message
    assert r"the namespace root\x of srv1 is closed to me" in refused(namespace, "srv1", "me", r"root\x").message
    assert "may not log in by NTLM; written as me@REALM" in refused(login, "srv1", "me", r"root\x").message
    assert "NTLM" not in refused(login, "srv1", "me@EXAMPLE.ORG").message
    other = WbemError(WbemStatus.SHUTTING_DOWN)
    assert refused(other, "srv1", "me") is other


def test_an_answer_that_is_none() -> None:
    made = explained(RemoteProtocolError("2 octets too few"), "srv1:135")
    assert isinstance(made, Unreachable)
    assert made.message == "srv1:135: its answer is none: 2 octets too few"


def test_what_a_server_says_acts_on_no_terminal() -> None:
    said = WbemError(WbemStatus.FAILED, operation="IWbemServices.GetObject", extended={"Description": "\x1b[2Jx\ny"})
    assert explained(said, "srv1").message == "?[2Jx?y"
