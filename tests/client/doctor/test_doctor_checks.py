"""Each check against a server over TCP: well, and with whatever may be wrong."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from tests.client.calledback import turns
from tests.client.doctor.patient import USER, found, looked_at, served, visit_to
from tests.client.remote import remote
from tests.dcom.fakes import ME

from openwmi.base.error import Unreachable, WbemError
from openwmi.base.status import HResult, WbemStatus
from openwmi.client import Credentials
from openwmi.client.doctor import Finding, Status, Visit, examine, shut_out
from openwmi.client.doctor.denied import WHAT_TO_DO, Layer
from openwmi.client.doctor.table import CHECKS
from openwmi.client.doctor.visit import _system_in
from openwmi.client.sinkhost import SinkHosts
from openwmi.dcom.ends import Ends
from openwmi.net import Address

READING = {"GetObject", "ExecQuery", "CreateClassEnum", "CreateInstanceEnum", "ExecMethod", "CancelAsyncCall"}


def test_all_is_well() -> None:
    with served() as server:
        findings = looked_at(server)
        assert {name: each.status for name, each in findings.items()} == {
            each.name: Status.SKIPPED if each.name == "callbacks" else Status.OK for each in CHECKS
        }
        assert not shut_out(findings.values())
        assert findings["login"].facts == {"authentication": 10, "system": (10, 0, 20348)}
        assert findings["levels"].facts == {
            "CONNECT": HResult.E_ACCESSDENIED,
            "PKT": HResult.E_ACCESSDENIED,
            "PKT_INTEGRITY": 0,
            "PKT_PRIVACY": 0,
        }
        smart: Any = findings["smartenum"].facts["smart"]
        assert smart["rows"] > 40
        assert findings["interfaces"].facts == {"IWbemLoginClientID": True, "IWbemLoginClientIDEx": True}
        assert {call.method for call in server.calls} <= READING, "nothing is written"


@pytest.mark.parametrize(
    ("check", "layer", "fault"),
    [
        ("activation", Layer.ACTIVATION, {"call": "RemoteCreateInstance", "error": HResult.E_ACCESSDENIED}),
        ("objects", Layer.ACCESS, {"call": "EstablishPosition", "error": HResult.E_ACCESSDENIED}),
        ("namespace", Layer.NAMESPACE, {"call": "NTLMLogin", "error": WbemStatus.ACCESS_DENIED}),
        ("provider", Layer.PROVIDER, {"of": "Win32_OperatingSystem", "error": WbemStatus.ACCESS_DENIED}),
    ],
)
def test_access_denied_is_explained_by_layer(check: str, layer: Layer, fault: dict[str, Any]) -> None:
    with served() as server:
        server.fault(**fault)
        findings = looked_at(server)
    finding = findings[check]
    assert (finding.status, finding.layer, finding.todo) == (Status.FAILED, layer, WHAT_TO_DO[layer])
    assert finding.code == fault["error"]
    assert finding.shut == (check != "provider")


def test_a_login_is_refused_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server may lock the account at the third time."""
    with served() as server:
        refused: list[str] = []
        monkeypatch.setattr(server, "login_refused", refused.append)
        findings = looked_at(server, password="wrong")
    assert len(refused) == 1
    assert (findings["login"].layer, findings["login"].shut) == (Layer.LOGIN, True)
    assert findings["activation"].status is Status.SKIPPED
    assert findings["speed"].text == "login has failed"
    assert [each.status for each in findings.values()].count(Status.FAILED) == 1


@pytest.mark.parametrize(
    ("fault", "check"),
    [
        ({"call": "ServerAlive2", "delay": 60.0}, "resolver"),
        ({"call": "RemoteCreateInstance", "delay": 60.0}, "activation"),
        ({"call": "NTLMLogin", "delay": 60.0}, "namespace"),
    ],
)
def test_a_server_that_does_not_answer_is_given_up(fault: dict[str, Any], check: str) -> None:
    with served() as server:
        server.fault(**fault)
        finding = looked_at(server, timeout=0.3)[check]
    assert (finding.status, finding.code, finding.shut) == (Status.FAILED, WbemStatus.TIMED_OUT, True)


@pytest.mark.parametrize("call", ["CreateClassEnum", "GetObject", "ExecQuery", "GetCallStatus", "RemQueryInterface"])
def test_a_connection_that_breaks_ends_one_check_after_the_other(call: str) -> None:
    with served() as server:
        server.fault(call=call, disconnect=True)
        findings = looked_at(server)
    assert len(findings) == len(CHECKS)
    failed = [each for each in findings.values() if each.status is Status.FAILED]
    assert failed
    assert all(each.code for each in failed)


def test_a_class_that_is_not_there_and_another_namespace() -> None:
    with served() as server:
        assert looked_at(server, namespace=r"root\default")["provider"].status is Status.SKIPPED
        findings = looked_at(server, namespace=r"root\nowhere")
    finding = findings["namespace"]
    assert (finding.status, finding.code, finding.shut) == (Status.FAILED, WbemStatus.INVALID_NAMESPACE, False)
    assert findings["speed"].status is Status.OK, "it needs no namespace"


def test_a_server_without_ways_for_the_impatient() -> None:
    with served() as server:
        server.fault(call="RemQueryInterface", error=HResult.E_NOINTERFACE)
        findings = looked_at(server)
    assert findings["smartenum"].status is Status.SLOW
    assert findings["interfaces"].facts == {"IWbemLoginClientID": False, "IWbemLoginClientIDEx": False}


def test_a_long_line() -> None:
    with served() as server:
        server.fault(call="ServerAlive2", delay=0.21, number=2)
        finding = looked_at(server)["resolver"]
    assert finding.status is Status.SLOW
    assert "ping" in finding.todo


@pytest.mark.parametrize(
    ("mask", "text"),
    [(0x21, "the user has Enable, Remote Enable"), (0, "the user has none"), (None, "told no rights")],
)
def test_rights(mask: int | None, text: str) -> None:
    with served(
        methods={"__SystemSecurity.GetCallerAccessRights": lambda *_: {"ReturnValue": 0, "rights": mask}}
    ) as on:
        finding = looked_at(on)["rights"]
    assert finding.text.endswith(text)
    assert finding.status is (Status.FAILED if mask is None else Status.OK)
    assert finding.facts.get("mask") == mask


def test_rights_that_may_not_be_asked_for() -> None:
    with served() as server:
        server.fault(call="ExecMethod", error=WbemStatus.ACCESS_DENIED)
        finding = looked_at(server)["rights"]
        assert (finding.status, finding.text) == (Status.OK, "classes can be read, and methods may not be called")
        server.fault(call="ExecMethod", error=WbemStatus.FAILED)
    assert finding.facts["code"] == WbemStatus.ACCESS_DENIED


# Nobody who speaks DCOM.


@contextmanager
def listening(says: bytes) -> Iterator[int]:
    """A port where somebody says this to whoever comes, and nothing else."""
    port = socket.create_server(("127.0.0.1", 0))
    kept = []

    def answer() -> None:
        while True:
            try:
                opened, _ = port.accept()
            except OSError:
                return
            kept.append(opened)
            opened.sendall(says)

    thread = threading.Thread(target=answer, daemon=True)
    thread.start()
    try:
        yield port.getsockname()[1]
    finally:
        port.shutdown(socket.SHUT_RDWR)
        port.close()
        thread.join()
        for each in kept:
            each.close()


def _at(port: int, host: str = "127.0.0.1", **how: Any) -> dict[str, Finding]:
    return found(Visit(Address(host, port), Credentials(USER, "x"), **how))


def test_a_closed_port() -> None:
    with listening(b"") as port:
        pass
    findings = _at(port)
    assert "nothing listens at that port" in findings["port"].todo
    assert shut_out(findings.values())
    assert {each.status for name, each in findings.items() if name not in {"name", "port"}} == {Status.SKIPPED}


def test_a_port_that_never_answers() -> None:
    with listening(b"") as port:
        findings = _at(port, timeout=0.2)
    assert findings["port"].status is Status.OK
    assert (findings["resolver"].status, findings["resolver"].shut) == (Status.FAILED, True)


def test_a_port_of_something_else() -> None:
    with listening(b"HTTP/1.1 400 Bad Request\r\n\r\n") as port:
        finding = _at(port)["resolver"]
    assert (finding.code, finding.shut) == (HResult.RPC_S_CALL_FAILED, True)
    assert "something else than DCOM" in finding.todo


def test_a_name_that_is_known() -> None:
    with served() as server:
        visit = Visit(Address("localhost", server.port), Credentials(USER, "x"))
        findings = found(visit)
    assert findings["name"].facts["name"] is True
    assert "127.0.0.1" in findings["name"].names["addresses"]


def test_a_name_that_nobody_knows() -> None:
    findings = _at(135, "no-such-host.invalid")
    assert (findings["name"].status, findings["name"].shut) == (Status.FAILED, True)
    assert findings["port"].text == "name has failed"


@pytest.mark.parametrize(
    ("reason", "word"),
    [(TimeoutError(), "drops"), (OSError(113, "no route"), "routes"), (ConnectionRefusedError(111, "no"), "--port")],
)
def test_why_a_port_cannot_be_reached(reason: OSError, word: str) -> None:
    async def connect(*_: Any) -> Any:
        try:
            raise reason
        except OSError:
            raise Unreachable(HResult.RPC_S_SERVER_UNAVAILABLE, "x") from None

    finding = _at(135, connect=connect)["port"]
    assert finding.status is Status.FAILED
    assert word in finding.todo


def test_an_address_that_does_not_answer_beside_one_that_does() -> None:
    with served() as server:
        visit = visit_to(server)
        check = next(each for each in CHECKS if each.name == "port")
        visit.addresses = ("127.0.0.1", "::1")
        (finding,) = asyncio.run(examine(visit, checks=[replace(check, needs=())]))
    assert finding.status is Status.SLOW
    assert finding.facts == {"addresses": 2, "open": 1}


# Callbacks.


def test_callbacks_that_cannot_be_are_skipped_and_why() -> None:
    async def closed(*_: Any) -> Any:
        raise WbemError(HResult.E_ACCESSDENIED, "port 135 is for root alone")

    with served() as server:
        finding = looked_at(server, callbacks="auto", sinks=SinkHosts(open_port=closed))["callbacks"]
    assert finding.status is Status.SKIPPED
    assert "port 135 is for root alone" in finding.text
    assert "semisynchronously" in finding.todo


@pytest.mark.parametrize("anonymous", [True, False])
async def test_callbacks_that_come_and_that_the_server_refuses(anonymous: bool) -> None:
    async with remote(anonymous=anonymous) as made:
        credentials = Credentials(f"DOM\\{ME[0]}", ME[1])
        visit = Visit(made.address, credentials, connect=made.connect, sinks=made.hosts)
        finding = next(each for each in await examine(visit) if each.check == "callbacks")
        await turns()
    assert finding.status is (Status.OK if anonymous else Status.FAILED)
    assert finding.layer is (None if anonymous else Layer.CALLBACK)
    assert "callbacks=" not in finding.text, "who asks at the command line knows no such argument"


def test_the_system_in_a_challenge_that_is_none() -> None:
    challenge = b"NTLMSSP\0" + (2).to_bytes(4, "little") + bytes(8) + (0x02000000).to_bytes(4, "little") + bytes(24)
    whole = challenge + bytes((6, 3)) + (9600).to_bytes(2, "little") + bytes(4)
    assert _system_in(b"around" + whole) == (6, 3, 9600)
    for size in range(len(whole)):
        assert _system_in(whole[:size]) == ()
    assert _system_in(whole[:20] + bytes(4) + whole[24:]) == (), "it says that it has none"
    assert _system_in(whole.replace(b"\2", b"\3", 1)) == ()


def test_what_a_check_was_given_it_gives_back() -> None:
    """Not only at the end: a server keeps the rows of an enumerator as long as it is held."""
    with served() as server:
        visit = visit_to(server)
        held: dict[str, int] = {}

        def note(finding: Finding) -> None:
            if visit.entered is not None:
                held[finding.check] = len(visit.inside.exporter)

        checks = [each for each in CHECKS if each.name != "interfaces"]  # those of the login are found, and kept
        findings = asyncio.run(examine(visit, note, checks))
    assert {each.status for each in findings} == {Status.OK, Status.SKIPPED}
    assert held["speed"] == held["namespace"]


def test_the_ends_are_ours() -> None:
    """What the visit gives callbacks is where the server is reached from."""
    with served() as server:
        visit = visit_to(server)
        seen: list[Ends] = []

        def note(finding: Finding) -> None:
            if finding.check == "namespace":
                seen.append(visit.inside.login.machine.ends)

        asyncio.run(examine(visit, note))
    assert seen == [Ends("127.0.0.1", "127.0.0.1")]
