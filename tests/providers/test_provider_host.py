"""The host's own facts: names, languages, code pages, birth times; the priority table; the files of proc(5)."""

import locale
import os
import subprocess
import sys
from pathlib import Path

import pytest

from openwmi.engine.provider import Provider
from openwmi.providers import builtin, host
from openwmi.providers.priority import CLASSES, base_priority, niceness
from openwmi.providers.procfs import ProcFiles, read_file


@pytest.fixture
def release_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(host, "OS_RELEASE", (tmp_path / "first", tmp_path / "os-release"))
    return tmp_path / "os-release"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\n', "Debian GNU/Linux 12 (bookworm)"),
        ("# PRETTY_NAME=no\n\nPRETTY_NAME='Linux Mint 21'\n", "Linux Mint 21"),
        ("PRETTY_NAME=Альт\n", "Альт"),
        ('PRETTY_NAME="a \\"b\\" \\$c"\n', 'a "b" $c'),
        ('PRETTY_NAME="half\n', '"half'),
    ],
)
def test_the_name_of_the_system(text: str, found: str, release_file: Path) -> None:
    release_file.write_text(text, encoding="utf-8")
    assert host.os_name() == found


def test_a_system_without_a_name_is_called_by_its_kernel(release_file: Path) -> None:
    assert host.os_name() == f"{os.uname().sysname} {os.uname().release}"


def test_the_first_file_that_is_there_counts(release_file: Path) -> None:
    release_file.write_text("PRETTY_NAME=second\nEXTRA=1\n", encoding="utf-8")
    release_file.with_name("first").write_text("PRETTY_NAME=first\n", encoding="utf-8")
    assert host.release() == {"PRETTY_NAME": "first"}


def test_octets_that_are_no_text(release_file: Path) -> None:
    release_file.write_bytes(b"PRETTY_NAME=\xff\n")
    assert host.os_name() == "\ufffd"


def test_macos_says_it_in_a_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "list").write_text(
        "<plist><dict><key>ProductName</key><string>macOS</string><key>ProductVersion</key><string>14.5</string>"
        "<key>ProductBuildVersion</key><string>23F79</string></dict></plist>",
        encoding="ascii",
    )
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(host, "MAC_RELEASE", tmp_path / "list")
    assert host.release() == {"PRETTY_NAME": "macOS 14.5", "VERSION_ID": "14.5", "BUILD_ID": "23F79"}
    monkeypatch.setattr(host, "MAC_RELEASE", tmp_path / "none")
    assert host.os_name() == f"{os.uname().sysname} {os.uname().release}"


@pytest.mark.parametrize(
    ("setting", "number"),
    [
        ("LANG=en_US.UTF-8", 0x0409),
        ('LANG="de_DE.UTF-8"', 0x0407),
        ("LANG=de_DE@euro", 0x0407),
        ("LANG=ru_RU", 0x0419),
        ("LANG=es_ES.UTF-8", 0x0C0A),
        ("LANG=C.UTF-8", None),
        ("LANG=POSIX", None),
        ("LANG=tlh_QO", None),
        ("LC_TIME=en_US.UTF-8", None),
    ],
)
def test_the_language_of_the_system(
    setting: str, number: int | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "locale.conf").write_text(setting + "\n", encoding="ascii")
    monkeypatch.setattr(host, "LOCALE_FILES", (tmp_path / "locale.conf",))
    monkeypatch.setenv("LANG", "fr_FR.UTF-8")
    assert host.language_id() == number


def test_without_a_file_the_environment_tells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host, "LOCALE_FILES", (tmp_path / "none",))
    monkeypatch.delenv("LC_ALL", raising=False)
    monkeypatch.setenv("LANG", "fr_FR.UTF-8")
    assert host.language_id() == 0x040C


@pytest.mark.parametrize(
    ("encoding", "page"),
    [("UTF-8", "65001"), ("utf8", "65001"), ("ANSI_X3.4-1968", "20127"), ("cp1251", "1251"), ("KOI8-R", None)],
)
def test_code_pages(encoding: str, page: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locale, "getencoding", lambda: encoding)
    assert host.code_page() == page


@pytest.mark.skipif(sys.platform != "linux", reason="stat of coreutils says what is expected")
def test_birth_times(tmp_path: Path) -> None:
    for path in ("/", str(tmp_path), "/proc"):
        known = int(subprocess.run(["stat", "-c", "%W", path], capture_output=True, check=True).stdout)
        born = host.birth_time(path)
        assert (0 if born is None else int(born)) == known
    assert host.birth_time(str(tmp_path / "none")) is None


def test_where_python_tells_the_birth_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known = getattr(tmp_path.stat(), "st_birthtime", None)  # not on Linux, and then this says so
    monkeypatch.setattr(sys, "platform", "darwin")
    assert host.birth_time(str(tmp_path)) == known


def test_a_birth_time_that_the_system_tells() -> None:
    """A field of the answer of statx(2), made up: the kernel of this host may never set it."""
    answer = bytearray(256)
    answer[0:4] = (0x800).to_bytes(4, sys.byteorder)
    answer[80:88] = (1_700_000_000).to_bytes(8, sys.byteorder)
    answer[88:92] = (250_000_000).to_bytes(4, sys.byteorder)
    assert host.decode_birth(bytes(answer)) == 1_700_000_000.25
    answer[0:4] = (0x7FF).to_bytes(4, sys.byteorder)
    assert host.decode_birth(bytes(answer)) is None


def test_niceness_and_priority_go_both_ways() -> None:
    assert [base_priority(nice) for nice in range(-20, 20)] == [24] + [13] * 10 + [10] * 5 + [8] * 9 + [6] * 10 + [
        4
    ] * 5
    for line in CLASSES:
        nice = niceness(line.number)
        assert nice is not None
        assert base_priority(nice) == line.base
    assert niceness(33) is None


@pytest.mark.skipif(sys.platform != "linux", reason="about proc(5)")
def test_a_process_that_is_not_there_has_no_files() -> None:
    files = ProcFiles(2**31 - 1)
    assert (files.kilobytes("VmHWM"), files.page_faults, files.login_session) == (None, None, None)
    assert not files.is_kernel_thread


def test_elsewhere_there_is_no_such_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert read_file(os.getpid(), "status") is None


def test_builtin_providers_serve_a_class_each() -> None:
    names = [provider.cim_class.name for provider in builtin()]
    assert names == ["Win32_OperatingSystem", "Win32_Process"]
    for provider in builtin():
        assert isinstance(provider(), Provider)
