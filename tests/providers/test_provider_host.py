"""A Host: its files, its times, its names, and what it does about sources that never answer."""

import locale
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.providers.trees import NAMES, unpacked

from openwmi.providers.host import BusError, Host, Kernel, RecordedBus, SilentError
from openwmi.providers.host.host import decode_birth, text
from openwmi.providers.host.identity import code_page, language_id, os_name, release
from openwmi.providers.processes.priority import CLASSES, base_priority, niceness

Make = Callable[..., Host]
KERNEL = '== @kernel\n{"node": "n", "release": "6.1", "system": "Linux"}\n'
MAC = '== @kernel\n{"node": "n", "release": "23.5.0", "system": "Darwin"}\n'

linux = pytest.mark.skipif(sys.platform != "linux", reason="about files and calls of Linux")


@pytest.fixture
def bare(tmp_path: Path) -> Callable[[str], Host]:
    """`bare(sections)`: a host that has nothing but these."""
    return lambda sections: unpacked(KERNEL + sections, tmp_path)


# ---------------------------------------------------------------------------------------------------------------- files


def test_what_is_not_there_is_none(bare: Callable[[str], Host]) -> None:
    host = bare("== /etc/empty\n")
    assert (host.read("/etc/x"), host.octets("/etc/x"), host.number("/etc/x"), host.link("/etc/x")) == (None,) * 4
    assert (host.lines("/etc/x"), host.names("/x"), host.count("/x"), host.target("/x")) == ([], [], None, None)
    assert (host.fields("/x"), host.assignments("/x", "/y"), host.exists("/x"), host.is_dir("/x")) == ({}, {}, 0, 0)
    assert (host.read("/etc/empty"), host.number("/etc/empty")) == ("", None)


def test_files(bare: Callable[[str], Host]) -> None:
    host = bare("== /a\nсловo\n\n== /n\n0x1f\n== /d/cpu10\n== /d/cpu2\n== /d/x dir\n== /f\na: 1\nb:2\na: 3\nnone\n")
    assert host.read("/a") == "словo"
    assert (host.number("/n", 0), host.number("/n")) == (31, None)
    assert (host.names("/d"), host.count("/d")) == (["cpu2", "cpu10", "x"], 3)
    assert host.fields("/f") == {"a": "1", "b": "2"}
    assert (host.is_dir("/d/x"), host.parent("/d/x")) == (True, "/d")
    with pytest.raises(FileNotFoundError):
        host.load("/x")
    with pytest.raises(IsADirectoryError):
        host.load("/d")


def test_a_file_that_is_longer_than_a_page(bare: Callable[[str], Host]) -> None:
    host = bare("== /long\n" + "x" * 9999 + "\n== /proc/long\n" + "y" * 4096 + "\n")
    assert (len(host.load("/long")), len(host.load("/proc/long"))) == (10000, 4097)


@linux
def test_a_file_of_proc_is_read_to_its_end() -> None:
    """The kernel gives a long one in pieces, none of which need be whole."""
    assert len(Host().load("/proc/self/maps")) > 4096
    assert Host().load("/proc/self/maps").endswith(b"\n")


@linux
def test_a_pipe_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert Host(str(tmp_path)).octets("/pipe") == b""


def test_links_stay_below_the_root(bare: Callable[[str], Host]) -> None:
    host = bare(
        "== /etc/zone -> /usr/zones/Here\n== /usr/zones/Here\nx\n"
        "== /sys/class/a -> ../devices/b\n== /sys/devices/b dir\n"
    )
    assert (host.link("/etc/zone"), host.target("/etc/zone"), host.read("/etc/zone")) == (
        "/usr/zones/Here",
        "/usr/zones/Here",
        "x",
    )
    assert (host.link("/sys/class/a"), host.target("/sys/class/a")) == ("../devices/b", "/sys/devices/b")


def test_octets_that_are_no_text() -> None:
    assert text(os.fsdecode(b"a\xff")) == "a\ufffd"


@pytest.mark.parametrize("name", NAMES)
def test_the_made_up_hosts_are_whole(name: str, host: Make) -> None:
    made = host(name)
    assert not made.is_live
    assert made.kernel.node == made.read("/etc/hostname")
    for folder in ("/sys/class/net", "/sys/class/block", "/sys/dev/block"):
        assert [entry for entry in made.names(folder) if made.target(f"{folder}/{entry}") is None] == []
    assert {link.name for link in made.routing.links()} == set(made.names("/sys/class/net"))
    assert {route.index for route in made.routing.routes()} <= {link.index for link in made.routing.links()}
    mounted = {line.split()[1] for line in made.lines("/proc/self/mounts")}
    assert all(made.space(point).get().total for point in mounted - {"/proc", "/sys", "/srv/data"})


# ---------------------------------------------------------------------------------------------------------------- names


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\n', "Debian GNU/Linux 12 (bookworm)"),
        ("# PRETTY_NAME=no\n\nPRETTY_NAME='Linux Mint 21'\n", "Linux Mint 21"),
        ("PRETTY_NAME=Альт\n", "Альт"),
        ('PRETTY_NAME="a \\"b\\" \\$c"\n', 'a "b" $c'),
        ('PRETTY_NAME="half\n', '"half'),
        ("PRETTY_NAME=\udcff\n", "\ufffd"),
    ],
)
def test_the_name_of_the_system(text: str, found: str, bare: Callable[[str], Host]) -> None:
    assert os_name(bare("== /usr/lib/os-release\n" + text)) == found


def test_a_system_without_a_name_is_called_by_its_kernel(bare: Callable[[str], Host]) -> None:
    assert os_name(bare("")) == "Linux 6.1"


def test_the_first_file_that_is_there_counts(bare: Callable[[str], Host]) -> None:
    host = bare("== /etc/os-release\nPRETTY_NAME=first\n== /usr/lib/os-release\nPRETTY_NAME=second\nEXTRA=1\n")
    assert release(host) == {"PRETTY_NAME": "first"}


def test_macos_says_it_in_a_list(tmp_path: Path) -> None:
    plist = (
        "<plist><dict><key>ProductName</key><string>macOS</string><key>ProductVersion</key><string>14.5</string>"
        "<key>ProductBuildVersion</key><string>23F79</string></dict></plist>\n"
    )
    host = unpacked(f"{MAC}== /System/Library/CoreServices/SystemVersion.plist\n{plist}", tmp_path / "a")
    assert release(host) == {"PRETTY_NAME": "macOS 14.5", "VERSION_ID": "14.5", "BUILD_ID": "23F79"}
    assert os_name(unpacked(MAC, tmp_path / "b")) == "Darwin 23.5.0"


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
def test_the_language_of_the_system(setting: str, number: int | None, bare: Callable[[str], Host]) -> None:
    assert language_id(bare(f"== /etc/locale.conf\n{setting}\n")) == number


def test_without_a_file_the_environment_tells(monkeypatch: pytest.MonkeyPatch, bare: Callable[[str], Host]) -> None:
    monkeypatch.delenv("LC_ALL", raising=False)
    monkeypatch.setenv("LANG", "fr_FR.UTF-8")
    monkeypatch.setattr("openwmi.providers.host.identity.LOCALE_FILES", ("/no/such/file",))
    assert language_id(Host()) == 0x040C
    assert language_id(bare("")) is None  # the files of another machine say nothing of our environment


@pytest.mark.parametrize(
    ("encoding", "page"),
    [("UTF-8", "65001"), ("utf8", "65001"), ("ANSI_X3.4-1968", "20127"), ("cp1251", "1251"), ("KOI8-R", None)],
)
def test_code_pages(encoding: str, page: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locale, "getencoding", lambda: encoding)
    assert code_page(Host()) == page


def test_the_code_page_of_another_machine(bare: Callable[[str], Host]) -> None:
    assert code_page(bare("== /etc/default/locale\nLANG=ru_RU.CP1251\n")) == "1251"
    assert code_page(bare("== /etc/default/locale\nLANG=C\n")) == "20127"


def test_accounts(host: Make) -> None:
    assert (host("laptop").account(1000), host("laptop").account(4711)) == ("anna", None)
    assert Host().account(os.getuid()) is not None


# ---------------------------------------------------------------------------------------------------------------- times


@pytest.mark.parametrize(
    ("rule", "shown"),
    [("CET-1CEST,M3.5.0,M10.5.0/3", "+060"), ("<+0545>-5:45", "+345"), ("EST5EDT,M3.2.0,M11.1.0", "-300")],
)
def test_the_zone_of_another_machine(rule: str, shown: str, bare: Callable[[str], Host]) -> None:
    assert str(bare(f"== /etc/localtime tzif\n{rule}\n").local_time(1_700_000_000)).endswith(shown)


def test_a_machine_without_a_zone_is_in_utc(bare: Callable[[str], Host]) -> None:
    assert str(bare("").local_time(0.5)) == "19700101000000.500000+000"


@linux
def test_birth_times(tmp_path: Path) -> None:
    for path in ("/", str(tmp_path), "/proc"):
        known = int(subprocess.run(["stat", "-c", "%W", path], capture_output=True, check=True).stdout)
        born = Host().birth_time(path)
        assert (0 if born is None else int(born)) == known
    assert Host().birth_time(str(tmp_path / "none")) is None


def test_where_python_tells_the_birth_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known = getattr(tmp_path.stat(), "st_birthtime", None)  # not on Linux, and then this says so
    monkeypatch.setattr(sys, "platform", "darwin")
    assert Host().birth_time(str(tmp_path)) == known


def test_a_birth_time_that_the_system_tells() -> None:
    """A field of the answer of statx(2), made up: the kernel of this host may never set it."""
    answer = bytearray(256)
    answer[0:4] = (0x800).to_bytes(4, sys.byteorder)
    answer[80:88] = (1_700_000_000).to_bytes(8, sys.byteorder)
    answer[88:92] = (250_000_000).to_bytes(4, sys.byteorder)
    assert decode_birth(bytes(answer)) == 1_700_000_000.25
    answer[0:4] = (0x7FF).to_bytes(4, sys.byteorder)
    assert decode_birth(bytes(answer)) is None


# --------------------------------------------------------------------------------------------------------- slow sources


@pytest.fixture
def stuck() -> Iterator[Callable[[], None]]:
    """Hangs until the test ends."""
    ended = threading.Event()
    yield lambda: (ended.wait(), None)[1]
    ended.set()


def test_what_never_answers_is_not_waited_for(stuck: Callable[[], None]) -> None:
    host = Host(seconds=0.02)
    with pytest.raises(SilentError, match=r"statvfs of /mnt did not answer within 0\.02 s"):
        host.bounded(stuck, "statvfs of /mnt")


def test_while_it_hangs_nobody_waits_for_it_again(stuck: Callable[[], None]) -> None:
    host = Host(seconds=0.02)
    first, second = host.ask(stuck, "one"), host.ask(stuck, "two")
    assert host.bounded(lambda: 5, "three") == 5
    for answer in (first, second):
        with pytest.raises(SilentError):
            answer.get()
    before = threading.active_count()
    with pytest.raises(SilentError, match="one has not answered before"):
        host.bounded(stuck, "one", seconds=60)
    assert threading.active_count() <= before


def test_who_asks_the_same_at_the_same_time_gets_the_same_answer() -> None:
    """Two callers who list the disks at once see both the room that there is."""
    host, ended = Host(seconds=5), threading.Event()
    answers = [host.ask(ended.wait, "one") for _ in range(2)]
    ended.set()
    assert [answer.get() for answer in answers] == [True, True]


def test_when_it_answers_at_last_it_is_asked_again() -> None:
    host, ended = Host(seconds=5), threading.Event()
    answer = host.ask(ended.wait, "slow")
    ended.set()
    assert answer.get()
    assert host.bounded(lambda: 6, "slow") == 6


def test_what_it_raises_is_raised() -> None:
    def fail() -> None:
        raise TimeoutError("the mount's own")

    with pytest.raises(TimeoutError, match="the mount's own") as caught:
        Host().bounded(fail, "x")
    assert not isinstance(caught.value, SilentError)


# ------------------------------------------------------------------------------------------------------------- the rest


def test_a_recorded_bus() -> None:
    bus = RecordedBus({"d": {"/o": {"i": {"P": 1, 'Get("a",2)': ["x", [1]], "Any(*)": [], "No()": {"error": "e.N"}}}}})
    assert bus.call("d", "/o", "i", "Get", "su", "a", 2) == ("x", [1])
    assert bus.call("d", "/o", "i", "Any", "s", "whatever") == ()
    assert bus.properties("d", "/o", "i") == {"P": 1}
    assert bus.calls == [("i.Get", ("a", 2)), ("i.Any", ("whatever",))]
    for where, name in [
        (("d", "/o", "i", "No"), "e.N"),
        (("d", "/o", "i", "Get"), "org.freedesktop.DBus.Error.UnknownMethod"),
        (("x", "/o", "i", "Get"), "org.freedesktop.DBus.Error.ServiceUnknown"),
        (("d", "/x", "i", "Get"), "org.freedesktop.DBus.Error.UnknownObject"),
        (("d", "/o", "x", "Get"), "org.freedesktop.DBus.Error.UnknownInterface"),
    ]:
        with pytest.raises(BusError) as caught:
            bus.call(*where)
        assert caught.value.name == name


@linux
def test_where_there_is_no_bus_it_says_so(tmp_path: Path) -> None:
    from openwmi.providers.host.systembus import SystemBus  # it starts nothing before it is called

    bus = SystemBus(f"unix:path={tmp_path}/none")
    with pytest.raises(BusError, match=r"openwmi\.NoBus"):
        bus.properties("org.example", "/", "org.example")


@linux
def test_a_bus_that_never_speaks_is_waited_for_once(tmp_path: Path) -> None:
    """Until it has ended that call."""
    pytest.importorskip("dbus_fast")
    from openwmi.providers.host.systembus import SystemBus  # likewise

    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{tmp_path}/bus")
        listener.listen()
        bus = SystemBus(f"unix:path={tmp_path}/bus", seconds=0.1)
        with pytest.raises(SilentError, match=r"i\.Get of d/o did not answer within 0\.1 s"):
            bus.call("d", "/o", "i", "Get")
        with pytest.raises(SilentError, match=r"i\.Other of d/o: it has not answered before"):
            bus.call("d", "/o", "i", "Other")
        listener.accept()[0].close()
    assert bus._silent["d"].exception(10) is not None  # the end of the connection has come to the thread of the bus
    with pytest.raises(BusError, match=r"openwmi\.NoBus"):
        bus.call("d", "/o", "i", "Get")
    bus.close()


def test_the_kernel_of_this_machine() -> None:
    known = Kernel.of_this_machine()
    assert (known.node, known.release, known.machine) == (os.uname().nodename, os.uname().release, os.uname().machine)
    assert Host().kernel.page_size == os.sysconf("SC_PAGE_SIZE")


def test_no_process_of_another_machine_is_killed(host: Make) -> None:
    with pytest.raises(PermissionError):
        host("laptop").kill(702)


def test_niceness_and_priority_go_both_ways() -> None:
    assert [base_priority(nice) for nice in range(-20, 20)] == [24] + [13] * 10 + [10] * 5 + [8] * 9 + [6] * 10 + [
        4
    ] * 5
    for line in CLASSES:
        nice = niceness(line.number)
        assert nice is not None
        assert base_priority(nice) == line.base
    assert niceness(33) is None
