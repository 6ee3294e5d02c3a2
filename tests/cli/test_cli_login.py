"""Who logs in to another machine: the options, Samba's file, the Kerberos cache, the terminal; and never a hang."""

from __future__ import annotations

import io
import os
import stat
import sys
from pathlib import Path
from typing import Any

import click
import pytest
from tests.cli.fakes import Command, Machine
from tests.cli.typist import Typist

from openwmi.base.error import Unreachable
from openwmi.base.status import HResult
from openwmi.cli import login
from openwmi.cli.access import Access, Target
from openwmi.cli.failure import NoEntry, line_of
from openwmi.session import Namespace

NAMES = "SELECT Name FROM Test_Robot"
AT = ("--host", "srv1")
SECRET = "pässwörd: 42"


class Watched(Machine):
    """Keeps how it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[dict[str, Any]] = []

    async def connect(self, namespace: str, *, repository: Path | None = None, **how: object) -> Namespace:
        self.asked.append({"namespace": namespace, **how})
        return await super().connect(namespace, repository=repository)

    def who(self) -> tuple[Any, Any]:
        return self.asked[-1]["user"], self.asked[-1]["password"]


@pytest.fixture
def watched(machine: Machine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Watched:
    made = Watched()
    monkeypatch.setattr("openwmi.cli.running.connect", made.connect)
    monkeypatch.setattr("openwmi.security.cached_principal", lambda: None)
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    monkeypatch.delenv("OPENWMI_PASSWORD", raising=False)
    monkeypatch.chdir(tmp_path)
    return made


def written(name: str, text: str, mode: int = 0o600) -> None:
    Path(name).write_text(text, encoding="utf-8")
    Path(name).chmod(mode)


def test_the_password_comes_from_a_file_or_the_environment(
    openwmi: Command, watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    written("secret", f"{SECRET}\n")
    assert openwmi("query", NAMES, *AT, "--user", "me", "--password-file", "secret").status == 0
    assert watched.who() == ("me", SECRET)
    monkeypatch.setenv("OPENWMI_PASSWORD", "other")
    assert openwmi("query", NAMES, *AT, "--user", r"DOM\me").status == 0
    assert watched.who() == (r"DOM\me", "other")
    assert openwmi("query", NAMES, *AT, "--user", "me", "--password-file", "secret").status == 0
    assert watched.who() == ("me", SECRET)


@pytest.mark.parametrize(
    ("text", "who"),
    [
        (f"username = me\npassword = {SECRET}\ndomain = DOM\n", (r"DOM\me", SECRET)),
        ("# mine\n\nusername=me\npassword=a=b # c\n", ("me", "a=b # c")),
        ("USERNAME\t=\tme\r\nPassword = x\r\nrealm = EXAMPLE.ORG\r\n", ("me@EXAMPLE.ORG", "x")),
        ("username = DOM\\me\ndomain = OTHER\npassword = x\nrealm = R\n", (r"DOM\me", "x")),
        ("username = me@EXAMPLE.ORG\ndomain = DOM\npassword = x", ("me@EXAMPLE.ORG", "x")),
    ],
)
def test_a_file_of_samba(openwmi: Command, watched: Watched, text: str, who: tuple[str, str]) -> None:
    written("auth", text)
    printed = openwmi("query", NAMES, *AT, "-A", "auth")
    assert (printed.status, printed.err) == (0, "")
    assert watched.who() == who


def test_a_file_of_samba_without_a_password(
    openwmi: Command, watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    written("auth", "username = me\n")
    printed = openwmi("query", NAMES, *AT, "-A", "auth")
    assert printed.status == 2
    assert "no terminal to ask for the password of me" in printed.err
    monkeypatch.setenv("OPENWMI_PASSWORD", SECRET)
    assert openwmi("query", NAMES, *AT, "-A", "auth").status == 0
    assert watched.who() == ("me", SECRET)


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o660, 0o620, 0o604])
def test_a_file_that_others_can_read_is_refused(openwmi: Command, watched: Watched, mode: int) -> None:
    written("auth", "username = me\npassword = hidden\n", mode)
    printed = openwmi("query", NAMES, *AT, "-A", "auth")
    assert (printed.status, watched.asked) == (2, [])
    assert "others can read or change auth, which holds a password: chmod 600 it" in printed.err
    assert "hidden" not in printed.err


def test_a_file_of_somebody_else_is_refused() -> None:
    owner = max(os.geteuid(), 1) + 1
    of_another = os.stat_result((stat.S_IFREG | 0o600, 0, 0, 1, owner, owner, 0, 0, 0, 0))
    with pytest.raises(click.UsageError, match="auth belongs to another user"):
        login._check_private("auth", of_another)


@pytest.mark.parametrize(
    ("text", "said"),
    [("", "auth names nobody"), ("password = hidden\n", "auth names nobody"), ("me%hidden\n", "auth names nobody")],
)
def test_a_file_that_names_nobody(openwmi: Command, watched: Watched, text: str, said: str) -> None:
    written("auth", text)
    printed = openwmi("query", NAMES, *AT, "-A", "auth")
    assert printed.status == 2
    assert said in printed.err
    assert "hidden" not in printed.err


def test_a_file_that_is_none(openwmi: Command, watched: Watched, tmp_path: Path) -> None:
    assert "none cannot be read: No such file" in openwmi("query", NAMES, *AT, "-A", "none").err
    os.mkfifo(tmp_path / "pipe", 0o600)
    assert "pipe is no ordinary file" in openwmi("query", NAMES, *AT, "-A", "pipe").err
    (tmp_path / "octets").write_bytes(b"username = \xff\n")
    (tmp_path / "octets").chmod(0o600)
    assert "octets is no text in UTF-8" in openwmi("query", NAMES, *AT, "-A", "octets").err
    assert watched.asked == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([*AT], "say who logs in there: --user or -A, or get a Kerberos ticket"),
        ([*AT, "--user", "me"], "no terminal to ask for the password of me, and no Kerberos ticket"),
        ([*AT, "--user", ""], "--user is empty"),
        ([*AT, "--user", "a b\\c\\d"], "is not a user name"),
        ([*AT, "--password-file", "x"], "say whose with --user"),
        ([*AT, "--user", "me", "--password-file", "none"], "cannot read the password from none"),
        ([*AT, "--user", "me", "-A", "x"], "give one of the two"),
        ([*AT, "--password-file", "x", "-A", "x"], "give one of the two"),
        (["--user", "me"], "--user is for another machine: name it with --host"),
        (["--port", "135"], "--port is for another machine"),
        (["-A", "x"], "-A is for another machine"),
        (["--at-once", "5", "--namespace", r"\\.\root\cimv2"], "--at-once is for another machine"),
        ([*AT, "--namespace", "//srv2/root"], "is on srv2, and --host names a machine, too"),
        ([*AT, "--user", "me", "--repository", "x"], "--repository is a file of this machine"),
        (["--host", "a b:c"], "'a b:c' is no host"),
        (["--host", "srv1:0"], "is no host"),
        (["--host", "*"], "is no host"),
        (["--host", ""], "is no host"),
        (["--host", r"\\srv1"], "is no host"),
        (["--port", "0", *AT], "0 is not in the range"),
        (["--at-once", "0", *AT], "0 is not in the range"),
        (["--hosts", "none"], "none cannot be read"),
        (["--hosts", "-"], "standard input names no host"),
        (["--password", "x", *AT], "No such option"),
    ],
)
def test_wrong_usage_calls_nobody(
    openwmi: Command, watched: Watched, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO()))
    printed = openwmi("query", NAMES, *arguments)
    assert (printed.status, printed.out, watched.asked) == (2, "", [])
    assert said in " ".join(printed.err.split())


@pytest.mark.parametrize(
    ("cached", "user", "is_theirs"),
    [
        (None, "", False),
        ("me@EXAMPLE.ORG", "", True),
        ("me@EXAMPLE.ORG", "me@example.org", True),
        ("me@EXAMPLE.ORG", "you@EXAMPLE.ORG", False),
        ("me@EXAMPLE.ORG", "me", True),
        ("me@EXAMPLE.ORG", r"EXAMPLE\me", True),
        ("me@EXAMPLE.ORG", r"example.org\me", True),
        ("me@EXAMPLE.ORG", r"OTHER\me", False),
        ("me@EXAMPLE.ORG", r"EXAMPLE\you", False),
        (None, "me", False),
    ],
)
def test_whose_ticket_it_is(cached: str | None, user: str, is_theirs: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("openwmi.security.cached_principal", lambda: cached)
    assert login.has_ticket(user) == is_theirs


def test_the_kerberos_cache(openwmi: Command, watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("openwmi.security.cached_principal", lambda: "me@EXAMPLE.ORG")
    assert openwmi("query", NAMES, *AT).status == 0
    assert watched.who() == (None, None)
    assert openwmi("query", NAMES, *AT, "--user", "me@EXAMPLE.ORG").status == 0
    assert watched.who() == ("me@EXAMPLE.ORG", None)
    monkeypatch.setenv("OPENWMI_PASSWORD", "x")  # where it is there it goes before the cache
    assert openwmi("query", NAMES, *AT, "--user", "me@EXAMPLE.ORG").status == 0
    assert watched.who() == ("me@EXAMPLE.ORG", "x")


def test_where_and_how_long(openwmi: Command, watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENWMI_PASSWORD", "x")
    ours = ("--user", "me", "--timeout", "5")
    for arguments, host, port in (
        (AT, "srv1", 135),
        ((*AT, "--port", "1135"), "srv1", 1135),
        (("--host", "srv1:1136", "--port", "1135"), "srv1", 1136),
        (("--host", "fe80::1"), "fe80::1", 135),
        (("--host", "[::1]:1135"), "::1", 1135),
        (("--namespace", r"\\srv1\root\cimv2"), "srv1", 135),
        (("--namespace", r"\\localhost\root\cimv2", "--port", "1135"), "localhost", 1135),
    ):
        assert openwmi("query", NAMES, *arguments, *ours).status == 0
        how = watched.asked[-1]
        assert (how["host"], how["port"], how["timeout"], how["namespace"]) == (host, port, 5, r"root\cimv2")


def test_a_machine_that_is_named_twice_is_asked_once() -> None:
    access = Access(("srv1", "srv2", "SRV1", "srv1:1135"))
    assert access.targets(r"root\cimv2") == (
        Target("srv1", "srv1"),
        Target("srv2", "srv2"),
        Target("srv1:1135", "srv1", 1135),
    )


def test_a_name_of_this_machine_is_this_machine(openwmi: Command, watched: Watched) -> None:
    assert openwmi("query", NAMES, "--namespace", r"\\localhost\root\cimv2").status == 0
    assert "host" not in watched.asked[-1]


def test_a_password_that_is_typed() -> None:
    """At the terminal that the program belongs to; nobody sees it. Nothing answers at this port."""
    with Typist("query", NAMES, "--host", "127.0.0.1:1", "--user", r"DOM\me") as typist:
        typist.expect("Password of DOM\\me: ")
        typist.enter("hidden\n")
        typist.expect("127.0.0.1:1: Connection refused")
        assert typist.end() == 3
        assert "hidden" not in typist.shown


def test_ctrl_c_instead_of_a_password() -> None:
    with Typist("query", NAMES, "--host", "127.0.0.1:1", "--user", "me") as typist:
        typist.expect("Password of me: ")
        typist.enter(b"\x03")
        assert typist.end() == 130
        assert "Traceback" not in typist.shown


def test_a_name_that_nobody_knows_is_no_matter_of_firewalls() -> None:
    known, unknown = ("srv1: Connection refused", "no address is known for srv1: Name or service not known")
    said = [line_of(NoEntry(Unreachable(HResult.RPC_S_SERVER_UNAVAILABLE, text))) for text in (known, unknown)]
    assert ["firewalls" in line for line in said] == [True, False]
