"""`openwmi serve`: what it says, what it refuses, and how it ends."""

from __future__ import annotations

import asyncio
import io
import logging
import signal
import socket
import sys
import uuid
from pathlib import Path

import pytest
from tests.cli.fakes import Command
from tests.cli.servers import ANYWHERE, port_of, serving
from tests.security.kdc import USER, running_kdc

from openwmi.base.error import WbemError
from openwmi.base.status import HResult
from openwmi.cli import main
from openwmi.cli.journal import OneLine
from openwmi.dcom import Channel, proxy
from openwmi.interfaces import IRemoteSCMActivator
from openwmi.orpc import OrpcThis
from openwmi.rpc import AuthLevel
from openwmi.security import (
    Initiator,
    KerberosInitiator,
    LoginRefused,
    NtlmAcceptor,
    NtlmInitiator,
    ServerNames,
    UsersFile,
    add_user,
)
from openwmi.server import CallbackPolicy

BAD_NAME = "e\x1b[31mvil\r\n2026-01-01 00:00:00,000 INFO forged"


@pytest.fixture
def users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    add_user("users.txt", "me", "secret")
    return "users.txt"


# ------------------------------------------------------------------------------------------------ what is not served


@pytest.mark.parametrize("address", ["", ":135", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536", "[::1", "a\x1b:1"])
def test_an_address_that_is_none(openwmi: Command, users: str, address: str) -> None:
    done = openwmi("serve", "--users", users, "--listen", address)
    assert (done.status, done.out) == (2, "")
    assert "is no address to listen at: it is HOST:PORT" in done.err
    assert done.err.replace("\n", "").isprintable()


def test_an_address_of_somebody_else(openwmi: Command, users: str) -> None:
    done = openwmi("serve", "--users", users, "--listen", "192.0.2.1:0")
    assert (done.status, done.out, len(done.err.splitlines())) == (1, "", 1)
    assert "192.0.2.1 is not an address of this machine" in done.err


def test_a_port_in_use(openwmi: Command, users: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        done = openwmi("serve", "--users", users, "--listen", address)
    assert (done.status, done.out, len(done.err.splitlines())) == (1, "", 1)
    assert f"{address} is in use: something else listens there" in done.err


def test_users_have_to_be_named(openwmi: Command) -> None:
    done = openwmi("serve", "--listen", ANYWHERE)
    assert (done.status, "Missing option '--users'" in done.err) == (2, True)


@pytest.mark.parametrize("text", ["", "# nobody yet\n", "\n\n"])
def test_no_users(openwmi: Command, tmp_path: Path, text: str) -> None:
    file = tmp_path / "users.txt"
    file.write_text(text)
    file.chmod(0o600)
    done = openwmi("serve", "--users", str(file), "--listen", ANYWHERE)
    assert (done.status, done.out) == (2, "")
    assert f"{file} holds no user: nobody could log in. See 'openwmi users add'" in done.err


def test_users_that_cannot_be_read(openwmi: Command, users: str) -> None:
    Path(users).chmod(0o640)
    Path("broken").write_text("me:secret\n")
    Path("broken").chmod(0o600)
    for file, said in (
        ("nowhere", "cannot read nowhere: No such file or directory"),
        (".", "cannot read .: Is a directory"),
        (users, "chmod 600"),
        ("broken", "broken, line 1"),
    ):
        done = openwmi("serve", "--users", file, "--listen", ANYWHERE)
        assert (done.status, done.out, len(done.err.splitlines())) == (1, "", 1)
        assert said in done.err
        assert "secret" not in done.err


def test_nowhere_to_write_the_address(users: str, monkeypatch: pytest.MonkeyPatch) -> None:
    said = io.StringIO()
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", said)
    assert main(["serve", "--users", users, "--listen", ANYWHERE]) == 1
    assert said.getvalue() == "standard output is closed: give the rows somewhere to go\n"


@pytest.mark.parametrize("there", [True, False])
def test_the_repository_is_the_one_that_is_named(
    openwmi: Command, users: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, there: bool
) -> None:
    asked: list[Path | None] = []

    def local_engine(repository: Path | None = None) -> None:
        asked.append(repository)
        raise WbemError(HResult.E_INVALIDARG, "enough")

    monkeypatch.setattr("openwmi.cli.serve.local_engine", local_engine)
    named = ("--repository", "demo.db") if there else ()
    assert openwmi("serve", "--users", users, "--listen", ANYWHERE, *named).status == 1
    assert asked == [Path("demo.db") if there else None]


def test_a_file_that_is_no_repository_is_told_of_at_the_start(openwmi: Command, users: str, tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("no repository\n" * 1000, encoding="ascii")
    done = openwmi("serve", "--users", users, "--listen", ANYWHERE, "--repository", str(file))
    assert (done.status, done.out) == (1, "")
    assert f"the repository {file} is no repository" in done.err


# ------------------------------------------------------------------------------------------------- how sinks are called


@pytest.fixture
def policies(users: str, monkeypatch: pytest.MonkeyPatch) -> list[CallbackPolicy]:
    """Those of the servers that are made; none of them comes to serve."""
    found: list[CallbackPolicy] = []

    def server(*_: object, callbacks: CallbackPolicy, **__: object) -> None:
        found.append(callbacks)
        raise WbemError(HResult.E_INVALIDARG, "enough")

    monkeypatch.setattr("openwmi.cli.serve.Server", server)
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    monkeypatch.delenv("OPENWMI_PASSWORD", raising=False)
    return found


def _file(text: str, mode: int = 0o600) -> str:
    Path("caller").write_text(text)
    Path("caller").chmod(mode)
    return "caller"


@pytest.mark.parametrize(
    ("text", "variable", "principal"),
    [
        ("username = me\npassword = secret\n", None, "me"),
        ("username = me\npassword = secret\ndomain = DOM\n", "other", r"DOM\me"),
        ("username = me@DOM\n", "secret", r"DOM\me"),
    ],
)
def test_who_calls_sinks(
    openwmi: Command,
    users: str,
    policies: list[CallbackPolicy],
    monkeypatch: pytest.MonkeyPatch,
    text: str,
    variable: str | None,
    principal: str,
) -> None:
    if variable is not None:
        monkeypatch.setenv("OPENWMI_PASSWORD", variable)
    openwmi("serve", "--users", users, "--listen", ANYWHERE, "--callback-login", _file(text))
    (policy,) = policies
    assert (policy.anonymous, policy.address) == (False, None)
    assert policy.login is not None
    add_user("client.txt", principal, "secret")
    for _ in range(2):  # each connection has a login of its own
        assert _principal(policy.login(), "client.txt") == principal
    add_user("client.txt", principal, "another")
    with pytest.raises(LoginRefused):
        _principal(policy.login(), "client.txt")


def test_how_sinks_are_called_otherwise(openwmi: Command, users: str, policies: list[CallbackPolicy]) -> None:
    openwmi("serve", "--users", users, "--listen", ANYWHERE)
    openwmi("serve", "--users", users, "--listen", ANYWHERE, "--anonymous-callbacks", "--callback-address", "192.0.2.1")
    assert [(each.login, each.anonymous, each.address) for each in policies] == [
        (None, False, None),
        (None, True, "192.0.2.1"),
    ]


@pytest.mark.parametrize(
    ("text", "mode", "said"),
    [
        ("username = me\n", 0o600, "caller has no line 'password = …', and $OPENWMI_PASSWORD is not set"),
        ("password = hidden\n", 0o600, "caller names nobody"),
        ("username = a\\b\\c\npassword = hidden\n", 0o600, "is not a user name"),
        ("username = me\npassword = hidden\n", 0o640, "others can read or change caller"),
    ],
)
def test_nobody_who_calls_sinks(
    openwmi: Command, users: str, policies: list[CallbackPolicy], text: str, mode: int, said: str
) -> None:
    done = openwmi("serve", "--users", users, "--listen", ANYWHERE, "--callback-login", _file(text, mode))
    assert (done.status, done.out, policies) == (2, "", [])
    assert said in " ".join(done.err.split())
    assert "hidden" not in done.err


def _principal(login: Initiator, users: str) -> str:
    """Who that is to somebody who lets these users in. LoginRefused."""
    acceptor = NtlmAcceptor(UsersFile(users), ServerNames.of_host("client"), lambda: 0)
    challenge = acceptor.step(login.step(b"").token).token
    context = acceptor.step(login.step(challenge).token).context
    assert context is not None
    return context.principal


# ---------------------------------------------------------------------------------------------------- what is served


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
@pytest.mark.parametrize("connected", [False, True])
def test_it_ends_in_peace(users: str, number: signal.Signals, status: int, connected: bool) -> None:
    with serving("--users", users, "--listen", ANYWHERE) as (process, line):
        assert line.startswith("127.0.0.1:")
        client = socket.create_connection(("127.0.0.1", port_of(line))) if connected else socket.socket()
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
        client.close()
    assert (process.returncode, out) == (status, "")
    assert err.strip() == f"serving this machine's WMI at {line.strip()}; whoever logs in may read"


def test_over_ipv6(users: str) -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6")
    with serving("--users", users, "--listen", "[::1]:0") as (_, line):
        assert line.startswith("[::1]:")
        socket.create_connection(("::1", port_of(line))).close()


def test_a_login_and_a_refused_one_are_logged_and_nothing_goes_to_standard_output(users: str) -> None:
    with serving("--users", users, "--listen", ANYWHERE, "--verbose") as (process, line):
        port = port_of(line)
        assert asyncio.run(_ask(port, NtlmInitiator("me", "secret"))) == HResult.E_INVALIDARG
        assert asyncio.run(_ask(port, NtlmInitiator(BAD_NAME, "wrong"))) == HResult.E_ACCESSDENIED
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (0, "")
    assert "me logged in from 127.0.0.1" in err
    assert "login from 127.0.0.1 refused" in err
    assert "secret" not in err
    lines = err.splitlines()
    assert all(each.isprintable() for each in lines)
    assert [each for each in lines if each.startswith("2026-01-01 00:00:00,000 INFO forged")] == []


@pytest.mark.parametrize("legacy", [False, True])
def test_activation_at_connect_is_for_the_legacy_profile(users: str, legacy: bool) -> None:
    with serving("--users", users, "--listen", ANYWHERE, *["--legacy"] * legacy) as (process, line):
        status = asyncio.run(_ask(port_of(line), NtlmInitiator("me", "secret"), AuthLevel.CONNECT))
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=30)
    assert status == (HResult.E_INVALIDARG if legacy else HResult.E_ACCESSDENIED)
    assert ("activation needs no signature" in err) is legacy


def test_a_keytab_that_is_none(openwmi: Command, users: str) -> None:
    pytest.importorskip("gssapi", reason="the extra `kerberos` is not installed")
    done = openwmi("serve", "--users", users, "--listen", ANYWHERE, "--keytab", "nowhere")
    assert (done.status, done.out, len(done.err.splitlines())) == (1, "", 1)
    assert "nowhere holds no keys" in done.err


def test_a_login_with_a_ticket(users: str) -> None:
    pytest.importorskip("gssapi", reason="the extra `kerberos` is not installed")
    Path(users).write_text(f"{USER}\n")  # and nobody with a password
    with running_kdc() as realm:
        arguments = "--users", users, "--listen", ANYWHERE, "--keytab", realm.keytab
        with serving(*arguments) as (_, line):
            login = KerberosInitiator(realm.host_princ.removeprefix("host/").partition("@")[0])
            assert asyncio.run(_ask(port_of(line), login)) == HResult.E_INVALIDARG


async def _ask(port: int, login: Initiator, level: AuthLevel = AuthLevel.INTEGRITY) -> int:
    """The status of an activation of nothing."""
    channel = await Channel.open("127.0.0.1", port, login=login, level=level)
    with pytest.raises(WbemError) as caught:
        await proxy(IRemoteSCMActivator, channel).RemoteCreateInstance(OrpcThis.of(uuid.uuid4()), None, b"")
    channel.close()
    return int(caught.value.status)


def test_a_record_cannot_act_on_a_terminal_nor_forge_another() -> None:
    handler = logging.StreamHandler(shown := io.StringIO())
    handler.setFormatter(OneLine("%(levelname)s %(message)s"))
    record = logging.LogRecord("x", logging.INFO, "x.py", 1, "from %s", ("\x1b[31m\r\nINFO forged\u202e\x9b",), None)
    handler.handle(record)
    assert shown.getvalue() == "INFO from \\x1b[31m\\r\n    INFO forged\\u202e\\x9b\n"
