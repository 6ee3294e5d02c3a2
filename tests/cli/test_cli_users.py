"""`openwmi users`: who may log in, and that a password goes nowhere but into its hash."""

from __future__ import annotations

import io
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from tests.cli.fakes import Command
from tests.cli.typist import Typist

from openwmi.cli.password import ATTEMPTS, LINE_OCTETS
from openwmi.security import UsersFile, nt_hash

ME = r"WORKGROUP\me"
SECRET = "pässwörd: 42"


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("OPENWMI_PASSWORD", raising=False)
    return tmp_path / "users.txt"


@pytest.fixture
def password_file(tmp_path: Path) -> Path:
    path = tmp_path / "password.txt"
    path.write_text(f"{SECRET}\nanother line\n", encoding="utf-8")
    return path


def hashes(file: Path) -> dict[str, bytes]:
    return {user.principal: user.nt_hash for user in UsersFile(file)}


def given(monkeypatch: pytest.MonkeyPatch, octets: bytes) -> None:
    """What stands in standard input, whose encoding is no matter."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(octets), encoding="ascii"))


def test_add_list_change_remove(openwmi: Command, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENWMI_PASSWORD", SECRET)
    assert openwmi("users", "add", "users.txt", ME) == (0, "", f"{ME} added to users.txt\n")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    monkeypatch.setenv("OPENWMI_PASSWORD", "other")
    assert openwmi("users", "add", "users.txt", "you") == (0, "", "you added to users.txt\n")
    assert openwmi("users", "add", "users.txt", r"workgroup\ME").err == (
        "workgroup\\ME has a new password in users.txt\n"
    )
    assert openwmi("users", "list", "users.txt") == (0, "workgroup\\ME\nyou\n", "")
    assert hashes(file) == {r"workgroup\ME": nt_hash("other"), "you": nt_hash("other")}
    assert openwmi("users", "remove", "users.txt", "YOU") == (0, "", "YOU removed from users.txt\n")
    assert openwmi("users", "list", "users.txt").out == "workgroup\\ME\n"


@pytest.mark.parametrize("ending", [b"", b"\n", b"\r\n", b"\nmore\xff"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("source", ["file", "-"])
def test_the_first_line_is_the_password(
    openwmi: Command,
    file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    ending: bytes,
    mark: bytes,
    source: str,
) -> None:
    octets = mark + SECRET.encode() + ending
    (tmp_path / "file").write_bytes(octets)
    given(monkeypatch, octets)
    monkeypatch.setenv("OPENWMI_PASSWORD", "the option is stronger")
    assert openwmi("users", "add", "users.txt", ME, "--password-file", source).status == 0
    assert hashes(file) == {ME: nt_hash(SECRET)}


@pytest.mark.parametrize(
    ("octets", "said"),
    [(b"", "empty"), (b"\n", "empty"), (b"\r\nx", "empty"), (b"\xff\xfe", "not UTF-8 text")],
)
def test_no_password_in_standard_input(
    openwmi: Command, file: Path, monkeypatch: pytest.MonkeyPatch, octets: bytes, said: str
) -> None:
    given(monkeypatch, octets)
    done = openwmi("users", "add", "users.txt", ME, "--password-file", "-")
    assert (done.status, done.out, len(done.err.splitlines())) == (1, "", 1)
    assert said in done.err
    assert "standard input" in done.err
    assert not file.exists()


@pytest.mark.parametrize(("value", "said"), [("", "empty"), ("\udcff", "not UTF-8 text")])
def test_no_password_in_the_environment(
    openwmi: Command, file: Path, monkeypatch: pytest.MonkeyPatch, value: str, said: str
) -> None:
    monkeypatch.setenv("OPENWMI_PASSWORD", value)
    done = openwmi("users", "add", "users.txt", ME)
    assert (done.status, said in done.err, "OPENWMI_PASSWORD" in done.err) == (1, True, True)
    assert not file.exists()


@pytest.mark.parametrize("name", ["nowhere.txt", "."])
def test_a_password_file_that_cannot_be_read(openwmi: Command, file: Path, name: str) -> None:
    done = openwmi("users", "add", "users.txt", ME, "--password-file", name)
    assert (done.status, f"cannot read the password from {name}: " in done.err) == (2, True)


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="this system has no /dev/zero")
def test_a_password_file_without_an_end(openwmi: Command, file: Path) -> None:
    done = openwmi("users", "add", "users.txt", ME, "--password-file", "/dev/zero")
    assert (done.status, "/dev/zero holds no password: its first line is longer than" in done.err) == (1, True)


def test_a_long_password(openwmi: Command, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, b"x" * LINE_OCTETS + b"\n")
    assert openwmi("users", "add", "users.txt", ME, "--password-file", "-").status == 0
    assert hashes(file) == {ME: nt_hash("x" * LINE_OCTETS)}


def test_standard_input_that_is_closed(openwmi: Command, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    for option in ((), ("--password-file", "-")):
        done = openwmi("users", "add", "users.txt", ME, *option)
        assert (done.status, done.out, "Traceback" in done.err) == (2, "", False)


def test_without_a_terminal_nobody_is_asked(file: Path) -> None:
    command = [sys.executable, "-m", "openwmi", "users", "add", "users.txt", ME]
    reading, writing = os.pipe()  # from which nothing ever comes
    done = subprocess.run(command, stdin=reading, capture_output=True, text=True, timeout=60, check=False)
    os.close(reading)
    os.close(writing)
    assert done.returncode == 2
    assert "there is no terminal to ask for a password: use --password-file or $OPENWMI_PASSWORD" in done.stderr
    assert not file.exists()


@pytest.mark.parametrize("account", ["", "bad:name", "a\\b\\c", "#x", "x\ny", "\x1b[31mred"])
@pytest.mark.parametrize("verb", ["add", "remove"])
def test_a_bad_account(openwmi: Command, file: Path, account: str, verb: str) -> None:
    done = openwmi("users", verb, "users.txt", account)  # and nobody is asked for a password first
    assert (done.status, done.out, len(done.err.splitlines())) == (1, "", 1)
    assert "is not a user name: give DOMAIN\\user or user" in done.err
    assert done.err[:-1].isprintable()


def test_what_is_not_there(openwmi: Command, file: Path, password_file: Path) -> None:
    assert "users.txt: No such file or directory" in openwmi("users", "list", "users.txt").err
    done = openwmi("users", "remove", "users.txt", ME)
    assert (done.status, f"{ME} is not in users.txt" in done.err) == (1, True)
    assert not file.exists()
    done = openwmi("users", "add", "nowhere/users.txt", ME, "--password-file", str(password_file))
    assert (done.status, "No such file or directory" in done.err) == (1, True)
    done = openwmi("users", "add", ".", ME, "--password-file", str(password_file))
    assert (done.status, "Is a directory" in done.err) == (1, True)


@pytest.mark.parametrize("arguments", [("add", ME), ("list",), ("remove", ME)])
def test_a_file_that_others_can_read(openwmi: Command, file: Path, arguments: tuple[str, ...]) -> None:
    file.write_text(f"{ME}:{'0' * 32}\n")
    file.chmod(0o644)
    verb, *rest = arguments
    done = openwmi("users", verb, "users.txt", *rest)  # and nobody is asked for a password first
    assert (done.status, done.out, len(done.err.splitlines())) == (1, "", 1)
    assert "which holds password hashes: chmod 600 it" in done.err
    assert file.read_text() == f"{ME}:{'0' * 32}\n"


def test_a_file_of_something_else(openwmi: Command, file: Path) -> None:
    file.write_text("something secret\n")
    file.chmod(0o600)
    done = openwmi("users", "add", "users.txt", ME)
    assert (done.status, "line 1" in done.err, "secret" in done.err) == (1, True, False)


def test_a_password_is_never_an_argument(openwmi: Command, file: Path) -> None:
    assert openwmi("users", "add", "users.txt", ME, "--password", SECRET).status == 2
    assert openwmi("users", "add", "users.txt", ME, SECRET).status == 2


# ------------------------------------------------------------------------------------------------------- at a terminal


def test_the_password_is_asked_for_twice_and_not_shown(file: Path) -> None:
    with Typist("users", "add", "users.txt", ME) as typist:
        typist.expect(f"Password of {ME}: ")
        typist.enter(f"{SECRET}\n")
        typist.expect("The same again: ")
        arguments = Path(f"/proc/{typist.process.pid}/cmdline")
        if arguments.exists():
            assert SECRET.encode() not in arguments.read_bytes()
        typist.enter(f"{SECRET}\n")
        assert typist.end() == 0
        assert typist.shown == f"Password of {ME}: \nThe same again: \n{ME} added to users.txt\n"
    assert hashes(file) == {ME: nt_hash(SECRET)}
    assert SECRET not in file.read_text()


def test_a_slip_of_the_finger(file: Path) -> None:
    with Typist("users", "add", "users.txt", ME) as typist:
        for again in ("another\n", f"{SECRET}\n"):
            typist.expect("Password of")
            typist.enter(f"{SECRET}\n")
            typist.expect("The same again: ")
            typist.enter(again)
        assert typist.end() == 0
        assert "The same again: \nthe two are not the same\nPassword of" in typist.shown
    assert hashes(file) == {ME: nt_hash(SECRET)}


def test_fingers_that_slip_and_slip(file: Path) -> None:
    with Typist("users", "add", "users.txt", ME) as typist:
        for _ in range(ATTEMPTS):
            typist.expect("Password of")
            typist.enter(f"{SECRET}\n")
            typist.expect("The same again: ")
            typist.enter("another\n")
        assert typist.end() == 1
        assert typist.shown.endswith("no password was typed twice: nothing was changed\n")
        assert SECRET not in typist.shown
    assert not file.exists()


@pytest.mark.parametrize(
    ("typed", "status", "said"),
    [
        (b"\n", 1, "the password is empty (what was typed)"),
        (b"\xff\xfe\n", 1, "the password is not UTF-8 text (what was typed)"),
        (b"\x03", 130, "Password of"),
        (b"\x04", 130, "Password of"),
    ],
    ids=["empty", "no text", "Ctrl-C", "Ctrl-D"],
)
def test_nothing_good_is_typed(file: Path, typed: bytes, status: int, said: str) -> None:
    with Typist("users", "add", "users.txt", ME) as typist:
        typist.expect(f"Password of {ME}: ")
        typist.enter(typed)
        assert typist.end() == status
        assert said in typist.shown
        assert "Traceback" not in typist.shown
    assert not file.exists()


def test_a_user_by_the_hash_of_a_password(
    openwmi: Command, file: Path, monkeypatch: pytest.MonkeyPatch, password_file: Path
) -> None:
    password_file.write_text(f"{nt_hash(SECRET).hex().upper()} \n")
    add = "users", "add", "users.txt", ME, "--nt-hash", "--password-file", str(password_file)
    assert openwmi(*add) == (0, "", f"{ME} added to users.txt\n")
    assert hashes(file) == {ME: nt_hash(SECRET)}
    monkeypatch.setenv("OPENWMI_PASSWORD", SECRET)
    done = openwmi("users", "add", "users.txt", ME, "--nt-hash")
    assert (done.status, "32 hexadecimal digits" in done.err, SECRET in done.err) == (1, True, False)
    assert hashes(file) == {ME: nt_hash(SECRET)}
