"""The users file: three spellings, who may read it, and changing it without losing anything."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openwmi.base.error import AccessDenied, NotFound, WbemError
from openwmi.base.status import WbemStatus
from openwmi.security import User, UsersFile, add_user, nt_hash, parse_account, parse_users, remove_user

HASH = nt_hash("Passw0rd")
TEXT = rf"""# people
DOM\me:{HASH.hex()}

anywhere:{HASH.hex().upper()}
samba:1000:AAD3B435B51404EEAAD3B435B51404EE:{HASH.hex().upper()}:[U          ]:LCT-5F000000:
samba2:1001:XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX:{HASH.hex().upper()}:[UX         ]:LCT-5F000000:
off:1002:XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX:{HASH.hex().upper()}:[DU         ]:LCT-5F000000:
open:1003:NO PASSWORDXXXXXXXXXXXXXXXXXXXXX:NO PASSWORDXXXXXXXXXXXXXXXXXXXXX:[NU         ]:LCT-5F000000:
DOM:clear:Pass:w0rd
DOM2:twin:one
DOM3:Twin:two
"""


def write(path: Path, text: str, mode: int = 0o600) -> Path:
    path.write_text(text)
    path.chmod(mode)
    return path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write(tmp_path / "users", TEXT)


def test_three_spellings() -> None:
    users = {user.principal: user.nt_hash for user in parse_users(TEXT, "users")}
    assert users == {
        "DOM\\me": HASH,
        "anywhere": HASH,
        "samba": HASH,
        "samba2": HASH,
        "DOM\\clear": nt_hash("Pass:w0rd"),
        "DOM2\\twin": nt_hash("one"),
        "DOM3\\Twin": nt_hash("two"),
    }


@pytest.mark.parametrize(
    ("domain", "name", "principal"),
    [
        ("DOM", "me", "DOM\\me"),
        ("dom", "ME", "DOM\\me"),
        ("", "me", "DOM\\me"),
        (".", "me", "DOM\\me"),
        ("srv1", "me", "DOM\\me"),
        ("OTHER", "me", None),
        ("OTHER", "anywhere", "anywhere"),
        ("", "twin", None),
        ("DOM3", "twin", "DOM3\\Twin"),
        ("DOM", "nobody", None),
        ("", "off", None),
        ("", "open", None),
    ],
)
def test_whom_a_client_means(file: Path, domain: str, name: str, principal: str | None) -> None:
    found = UsersFile(file).lookup(domain, name, "SRV1")
    assert (found.principal if found else None) == principal


def test_secrets_are_not_shown(file: Path) -> None:
    found = UsersFile(file).lookup("DOM", "me", "SRV1")
    assert HASH.hex() not in repr(found)
    assert str(HASH) not in repr(found)


@pytest.mark.parametrize("line", ["just words", "DOM\\me:tooshort", "a\\b\\c:" + "0" * 32, ":" + "0" * 32, "x:1:y"])
def test_a_line_that_is_none_is_named_by_its_number_alone(line: str) -> None:
    good = {"x:1:y"}  # an NTLM_USER_FILE line of domain x, user 1
    if line in good:
        assert [user.principal for user in parse_users(line, "users")] == ["x\\1"]
        return
    with pytest.raises(WbemError, match="users, line 2") as caught:
        list(parse_users("# comment\n" + line, "users"))
    assert caught.value.status is WbemStatus.INVALID_PARAMETER
    assert line not in str(caught.value)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o602, 0o610])
def test_a_file_that_others_can_touch_is_refused(tmp_path: Path, mode: int) -> None:
    path = write(tmp_path / "users", TEXT, mode)
    with pytest.raises(AccessDenied, match="chmod 600"):
        UsersFile(path)
    with pytest.raises(AccessDenied, match="chmod 600"):
        add_user(path, "DOM\\you", "secret")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="giving files away needs root")
def test_a_file_of_another_user_is_refused(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.chown(file, 12345, 12345)
    with pytest.raises(AccessDenied, match="belongs to another user"):
        UsersFile(file)


def test_a_file_that_is_not_there_or_not_text(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="cannot read"):
        UsersFile(tmp_path / "users")
    binary = write(tmp_path / "users", "")
    binary.write_bytes(b"\xff\xfe\0")
    with pytest.raises(WbemError, match="not UTF-8"):
        UsersFile(binary)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
def test_a_pipe_is_refused_and_not_waited_for(file: Path) -> None:
    """A server reads the file on its loop: what waited for the pipe's other end would be everybody."""
    users = UsersFile(file)
    file.unlink()
    os.mkfifo(file, 0o600)
    with pytest.raises(WbemError, match="no ordinary file"):
        users.lookup("DOM", "me", "HERE")


def test_the_length_of_a_file(file: Path) -> None:
    assert len(UsersFile(file)) == 7


def test_a_changed_file_is_read_again_and_a_bad_one_lets_nobody_in(file: Path) -> None:
    users = UsersFile(file)
    add_user(file, "DOM\\new", "secret")
    found = users.lookup("DOM", "new", "SRV1")
    assert found is not None
    assert found.nt_hash == nt_hash("secret")
    file.chmod(0o644)
    with pytest.raises(AccessDenied):
        users.lookup("DOM", "new", "SRV1")
    file.chmod(0o600)
    assert users.lookup("DOM", "new", "SRV1") == found


def test_adding_changing_removing(tmp_path: Path) -> None:
    path = tmp_path / "users"
    assert add_user(path, "DOM\\me", "one") is True
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert add_user(path, "you", "one") is True
    assert add_user(path, "dom\\ME", "two") is False
    assert path.read_text() == f"dom\\ME:{nt_hash('two').hex()}\nyou:{nt_hash('one').hex()}\n"
    assert remove_user(path, "nobody") is False
    assert remove_user(path, "DOM\\me") is True
    assert path.read_text() == f"you:{nt_hash('one').hex()}\n"
    assert list(tmp_path.iterdir()) == [path]


def test_other_lines_stay_as_they_are_and_a_name_has_one_line(file: Path) -> None:
    write(file, TEXT + f"DOM:me:again\nDOM\\ME:{HASH.hex()}")
    add_user(file, "DOM\\me", "new")
    expected = TEXT.replace(f"me:{HASH.hex()}", f"me:{nt_hash('new').hex()}", 1)
    assert file.read_text() == expected


def test_a_link_stays_a_link(tmp_path: Path, file: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(file)
    add_user(link, "DOM\\new", "secret")
    assert link.is_symlink()
    assert "DOM\\new:" in file.read_text()


def test_a_write_that_fails_leaves_the_file_and_nothing_else(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(WbemError, match="No space left"):
        add_user(file, "DOM\\new", "secret")
    assert file.read_text() == TEXT
    assert list(file.parent.iterdir()) == [file]


def test_writers_take_turns(tmp_path: Path) -> None:
    path = tmp_path / "users"
    names = [f"user{number}" for number in range(8)]
    threads = [threading.Thread(target=add_user, args=(path, name, "secret")) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(user.name for user in parse_users(path.read_text(), "users")) == names


@pytest.mark.parametrize("text", ["", "\\me", "DOM\\", "a:b", "DOM\\a\nb", "a\\b\\c", " me", "#me", "me\x7f"])
def test_names_that_cannot_be_written(tmp_path: Path, text: str) -> None:
    with pytest.raises(WbemError, match="is not a user name"):
        add_user(tmp_path / "users", text, "secret")


def test_an_empty_password_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WbemError, match="lets everybody in"):
        add_user(tmp_path / "users", "me", "")


@pytest.mark.no_cover  # other tests show that each line is run
@given(st.text(min_size=1, max_size=12))
def test_whatever_name_is_taken_comes_back(text: str) -> None:
    try:
        domain, name = parse_account(text)
    except WbemError:
        return
    line = f"{User(domain, name, b'').principal}:{HASH.hex()}"
    assert list(parse_users(line, "users")) == [User(domain, name, HASH)]
