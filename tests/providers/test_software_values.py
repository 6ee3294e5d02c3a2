"""Win32_Environment, Win32_Product and Win32_QuickFixEngineering."""

import os
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.providers.serving import Asking, Make, bare, rows
from tests.providers.trees import rpm_header

from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.providers.host import Host, Kernel
from openwmi.providers.software.environment import EnvironmentProvider
from openwmi.providers.software.fix import FixProvider
from openwmi.providers.software.product import ProductProvider
from openwmi.providers.software.rpm import decode_header

PROVIDERS = (EnvironmentProvider, ProductProvider, FixProvider)


def product(host: Host, asking: Asking, name: str) -> dict[str, Any]:
    (row,) = rows(ProductProvider(host), asking, Name=name)
    return {key: value for key, value in row.items() if value is not None}


def test_variables_of_the_system(host: Make, asking: Asking) -> None:
    text = '# PATH=/no\nexport EDITOR=\'vi m\'\nPATH="/a:/b"\nA=b=c"\nno line\n=x\nLANG=C\nODD="\n'
    found = rows(EnvironmentProvider(host("laptop", f"== /etc/environment\n{text}")), asking)
    assert {row["Name"]: row["VariableValue"] for row in found} == {
        "EDITOR": "vi m",
        "PATH": "/a:/b",
        "A": 'b=c"',
        "LANG": "de_DE.UTF-8",  # of /etc/default/locale, which is read later
        "ODD": '"',
    }
    assert {key: found[0][key] for key in ("UserName", "SystemVariable", "Caption", "Status")} == {
        "UserName": "<SYSTEM>",
        "SystemVariable": True,
        "Caption": "<SYSTEM>\\EDITOR",
        "Status": "OK",
    }


def test_what_this_process_has_in_its_environment_is_nobodys(asking: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VERY_SECRET", "1")
    assert [row for row in rows(EnvironmentProvider(Host()), asking) if row["Name"] == "VERY_SECRET"] == []


def test_a_package_of_dpkg(host: Make, asking: Asking) -> None:
    laptop = host("laptop")
    os.utime(laptop.root + "/var/lib/dpkg/info/bash.list", (1_699_000_000, 1_699_000_000))
    found = product(laptop, asking, "BASH")
    assert found.pop("InstallDate2").to_datetime().timestamp() == 1_699_000_000
    assert found == {
        "Caption": "bash",
        "Description": "GNU Bourne Again SHell",
        "IdentifyingNumber": "bash:amd64",
        "Name": "bash",
        "Vendor": "Matthias Klose <doko@example.org>",
        "Version": "5.2.15-2+b2",
        "AssignmentType": 1,
        "InstallDate": "20231103",
        "InstallState": 5,
        "URLInfoAbout": "https://example.org/bash",
    }


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("hold ok installed", 5),
        ("install ok triggers-pending", 5),
        ("install reinstreq half-installed", -6),
        ("install ok unpacked", -6),
        ("deinstall ok config-files", None),
        ("purge ok not-installed", None),
        ("", None),
    ],
)
def test_states_of_dpkg(status: str, state: int | None, tmp_path: Path, asking: Asking) -> None:
    text = f"Package: a\nStatus: {status}\nVersion: 1\nArchitecture: all\n\nPackage: b\nVersion: 2\n\nVersion: 3\n"
    found = rows(ProductProvider(bare(tmp_path, f"== /var/lib/dpkg/status\n{text}")), asking)
    assert [row["InstallState"] for row in found] == ([] if state is None else [state])
    assert [row["InstallDate2"] for row in found if row["InstallDate2"]] == []


def test_two_architectures_of_one_package(tmp_path: Path, asking: Asking) -> None:
    text = "Package: libc6\nStatus: install ok installed\nVersion: 1\nArchitecture: {}\n\n"
    made = bare(
        tmp_path,
        f"== /var/lib/dpkg/status\n{text.format('amd64')}{text.format('i386')}",
        "== /var/lib/dpkg/info/libc6:i386.list\n/.\n",
    )
    found = rows(ProductProvider(made), asking)
    assert [row["IdentifyingNumber"] for row in found] == ["libc6:amd64", "libc6:i386"]
    assert [row["InstallDate2"] is None for row in found] == [True, False]


def test_packages_of_rpm(host: Make, asking: Asking) -> None:
    server = host("server")
    found = product(server, asking, "bash")
    assert found.pop("InstallDate2").to_datetime().timestamp() == 1_699_000_001
    assert found == {
        "Caption": "bash",
        "Description": "The GNU Bourne Again shell",
        "IdentifyingNumber": "bash.x86_64",
        "Name": "bash",
        "Vendor": "Rocky Enterprise Software Foundation",
        "Version": "5.1.8-6.el9_1",
        "AssignmentType": 1,
        "InstallDate": "20231103",
        "InstallState": 5,
        "URLInfoAbout": "https://example.org/bash",
    }
    kernel = product(server, asking, "kernel-core")
    assert (kernel["Version"], kernel["Description"]) == ("1:5.14.0-362.8.1.el9_3", "The Linux kernel")
    assert "InstallDate2" not in kernel
    assert len(rows(ProductProvider(server), asking, "Name")) == 2  # its keys are none


def test_packages_of_apk(host: Make, asking: Asking) -> None:
    container = host("container")
    assert product(container, asking, "busybox") == {
        "Caption": "busybox",
        "Description": "Size optimized toolbox of many common UNIX utilities",
        "IdentifyingNumber": "busybox",
        "Name": "busybox",
        "Vendor": "Maintainer <maint@example.org>",
        "Version": "1.36.1-r15",
        "AssignmentType": 1,
        "InstallState": 5,
        "URLInfoAbout": "https://busybox.example.org/",
    }
    assert "Vendor" not in product(container, asking, "redis")


@pytest.mark.parametrize("text", ["no database", '[{"1000": ["a"], "1001": [], "1022": 5}]'])
def test_a_database_that_cannot_be_read_is_not_an_empty_one(text: str, tmp_path: Path, asking: Asking) -> None:
    form = " rpmdb" if text.startswith("[") else ""
    made = bare(tmp_path, f"== /var/lib/rpm/rpmdb.sqlite{form}\n{text}\n")
    if form:
        with sqlite3.connect(made.root + "/var/lib/rpm/rpmdb.sqlite") as database:
            database.execute("UPDATE Packages SET blob = x'00'")
    with pytest.raises(WbemError, match="rpm") as caught:
        rows(ProductProvider(made), asking)
    assert caught.value.status == WbemStatus.FAILED


def test_the_database_is_read_and_not_touched(host: Make, asking: Asking) -> None:
    server = host("server")
    folder = Path(server.root + "/usr/lib/sysimage/rpm")
    before = (folder / "rpmdb.sqlite").read_bytes()
    with sqlite3.connect(folder / "rpmdb.sqlite") as database:
        database.execute("PRAGMA journal_mode = WAL")
    database.close()
    assert len(rows(ProductProvider(server), asking, "Name")) == 2
    assert (folder / "rpmdb.sqlite").read_bytes()[100:] == before[100:]
    for path in folder.iterdir():
        path.chmod(0o444)
    folder.chmod(0o555)
    try:
        assert len(rows(ProductProvider(server), asking, "Name")) == 2
    finally:
        folder.chmod(0o755)


WHOLE = rpm_header({1000: "bash", 1004: ["one", "two"], 1008: 7, 5000: "x"})


def test_a_header_of_rpm() -> None:
    assert decode_header(WHOLE) == {1000: "bash", 1004: "one", 1008: 7}


@pytest.mark.parametrize("length", range(len(WHOLE)))
def test_a_header_that_is_cut_off(length: int) -> None:
    with pytest.raises(ValueError, match="rpm"):
        decode_header(WHOLE[:length])


@given(st.binary(max_size=200))
def test_a_header_of_anything(data: bytes) -> None:
    try:
        found = decode_header(data)
    except ValueError:
        return
    assert all(isinstance(value, str | int) for value in found.values())


@pytest.mark.parametrize("name", ["laptop", "cloud", "container", "server"])
def test_every_host_has_packages_and_no_fixes(name: str, host: Make, asking: Asking) -> None:
    made = host(name)
    assert rows(ProductProvider(made), asking)
    assert rows(FixProvider(made), asking) == []
    assert bool(rows(EnvironmentProvider(made), asking)) == (name != "container")


@pytest.mark.parametrize("kind", PROVIDERS)
def test_nothing_where_there_is_nothing(kind: Any, asking: Asking) -> None:
    assert rows(kind(Host("/no/such/root", kernel=Kernel("n", "6.1"))), asking) == []
