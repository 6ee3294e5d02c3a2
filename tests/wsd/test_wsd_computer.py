"""What is published of a computer."""

from __future__ import annotations

import socket
from importlib.metadata import PackageNotFoundError

import pytest

from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.soap import plain
from openwmi.wsd import COMPUTER, Computer, this_computer

ADDRESS = "urn:uuid:00000000-0000-0000-0000-000000000007"


@pytest.mark.parametrize(
    ("computer", "shown"),
    [
        (Computer("box"), "BOX/Workgroup:WORKGROUP"),
        (Computer("Box", "home"), "BOX/Workgroup:HOME"),
        (Computer("BOX", domain="example.org"), "box/Domain:example.org"),
        (Computer("a&b", "(x)"), "A&B/Workgroup:(X)"),
    ],
)
def test_what_windows_reads(computer: Computer, shown: str) -> None:
    assert computer.shown == shown
    metadata = computer.metadata(ADDRESS)
    host = metadata.host
    assert host is not None
    assert (host.endpoints[0].address, host.types, host.service_id) == (ADDRESS, (COMPUTER,), ADDRESS)
    (extension,) = host.extensions
    assert (extension.name, extension.element().text) == (COMPUTER, shown)
    assert metadata.device is not None
    assert plain(metadata.device.friendly_name) == computer.name


@pytest.mark.parametrize("name", ["", "a/b", "a\\b", " a", "a\nb", "x" * 64, "a:b", "\x00", "a,b"])
def test_names_that_none_has(name: str) -> None:
    with pytest.raises(WbemError, match="cannot be the name of a computer") as caught:
        Computer(name)
    assert caught.value.status == WbemStatus.INVALID_PARAMETER


@pytest.mark.parametrize("name", ["a/b", "x" * 254, "a\nb"])
def test_groups_that_none_has(name: str) -> None:
    with pytest.raises(WbemError, match="workgroup"):
        Computer("box", name)
    with pytest.raises(WbemError, match="domain"):
        Computer("box", domain=name)


def test_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "box.example.org")
    assert this_computer() == Computer("box")
    assert this_computer("other", "home", "example.org") == Computer("other", "home", "example.org")


def test_a_program_that_was_never_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr("openwmi.wsd.computer.version", unknown)
    device = Computer("box").metadata(ADDRESS).device
    assert device is not None
    assert device.firmware_version == ""
