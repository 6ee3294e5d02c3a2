"""Win32_Share of Samba's configuration, and Win32_Printer of that of CUPS."""

import logging
from pathlib import Path
from typing import Any

import pytest
from tests.providers.serving import Asking, Make, bare, rows

from openwmi.base.limits import SAMBA_FILES
from openwmi.providers.host import Host, Kernel
from openwmi.providers.sharing.cups import parse_description
from openwmi.providers.sharing.printer import PrinterProvider
from openwmi.providers.sharing.samba import shares
from openwmi.providers.sharing.share import ShareProvider


def known(row: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in row.items() if value is not None}


def test_a_share(host: Make, asking: Asking) -> None:
    (row,) = rows(ShareProvider(host("server")), asking, Name="PROJECTS")
    assert known(row) == {
        "Caption": "All the projects",
        "Description": "All the projects",
        "Name": "Projects",
        "Status": "OK",
        "AllowMaximum": True,
        "Path": "/srv/projects",
        "Type": 0,
    }


def test_all_shares(host: Make, asking: Asking) -> None:
    """Limits come from [global]; [pub] is of an included file, which includes itself; users have theirs."""
    names = ("Name", "Path", "Type", "MaximumAllowed")
    found = [tuple(row[name] for name in names) for row in rows(ShareProvider(host("server")), asking)]
    assert found == [
        ("pub", "/srv/pub", 0, 10),
        ("Projects", "/srv/projects", 0, None),
        ("Label", "/var/spool/Label", 1, 10),
        ("Per User", None, 0, 10),
        ("again", "/srv/again", 0, None),
        ("Mine", "/srv/admin/mine", 0, None),
    ]


def test_users_have_none_unless_they_may(tmp_path: Path) -> None:
    user = "== /var/lib/samba/usershares/mine\npath = /mine\n"
    made = bare(tmp_path, "== /etc/samba/smb.conf\n[global]\n[a]\npath = /a\n", user)
    assert [each.name for each in shares(made)] == ["a"]


def test_what_is_included_is_as_though_it_stood_there(tmp_path: Path) -> None:
    text = "== /etc/samba/smb.conf\n[a]\ninclude = /b\npath = /of/b\n== /b\n[b]\ncomment = hello\n"
    found = [(each.name, each.path, each.comment) for each in shares(bare(tmp_path, text))]
    assert found == [("a", None, ""), ("b", "/of/b", "hello")]


def test_files_that_include_each_other_end(tmp_path: Path) -> None:
    line = "include = /etc/samba/smb.conf\n"
    made = bare(tmp_path, f"== /etc/samba/smb.conf\n[a]\n{line * 1000}path = /a\n")
    read: list[str] = []

    class Counting(Host):
        def lines(self, path: str) -> list[str]:
            read.append(path)
            return super().lines(path)

    found = shares(Counting(made.root, kernel=made.kernel))
    assert [each.path for each in found] == ["/a"]
    assert len(read) == SAMBA_FILES


@pytest.mark.parametrize(
    "text", ["", "[", "[]", "path = /a", "[a\n=\n= x\nnothing", "[a]\nmax connections = many\n\\\n"]
)
def test_odd_configurations(text: str, tmp_path: Path) -> None:
    for each in shares(bare(tmp_path, f"== /etc/samba/smb.conf\n{text}\n")):
        assert (each.limit, each.is_printer) == (0, False)


def test_a_printer(host: Make, asking: Asking) -> None:
    (row,) = rows(PrinterProvider(host("laptop")), asking, DeviceID="laser")
    assert known(row) == {
        "Caption": "Laser",
        "Description": "Laser #1 im Flur",
        "Name": "Laser",
        "Status": "OK",
        "CreationClassName": "Win32_Printer",
        "DeviceID": "Laser",
        "SystemCreationClassName": "Win32_ComputerSystem",
        "SystemName": "thinbook",
        "Capabilities": (3,),
        "HorizontalResolution": 600,
        "PrinterStatus": 3,
        "VerticalResolution": 1200,
        "Attributes": 1 | 4 | 8 | 16,
        "AveragePagesPerMinute": 40,
        "Comment": "Laser #1 im Flur",
        "Default": True,
        "Direct": False,
        "DriverName": "Example Laser 4000 PCL",
        "ExtendedPrinterStatus": 3,
        "Hidden": False,
        "Local": False,
        "Location": "Flur",
        "Network": True,
        "PortName": "smb://192.0.2.8/laser",
        "PrinterPaperNames": ("ISO A4", "Letter"),
        "Queued": True,
        "SeparatorFile": "standard",
        "Shared": True,
        "ShareName": "Laser",
        "SpoolEnabled": True,
    }


def test_a_printer_that_somebody_stopped(host: Make, asking: Asking) -> None:
    (row,) = rows(PrinterProvider(host("laptop")), asking, DeviceID="Ink")
    assert (row["Status"], row["PrinterStatus"], row["ExtendedPrinterStatus"]) == ("Degraded", 6, 8)
    assert (row["ErrorDescription"], row["Comment"], row["Attributes"]) == ("Out of paper", "", 1 | 64)
    assert (row["Local"], row["ShareName"], row["SeparatorFile"], row["Location"]) == (True, None, None, None)
    assert (row["PrinterPaperNames"], row["Capabilities"]) == (None, None)


@pytest.mark.parametrize(
    ("address", "is_network"),
    [
        ("ipp://192.0.2.7/ipp/print", True),
        ("socket://192.0.2.7:9100", True),
        ("dnssd://Example._ipp._tcp.local/", True),
        ("usb://Example/Ink", False),
        ("hp:/usb/Example?serial=1", False),
        ("hp:/net/Example?ip=192.0.2.7", True),
        ("parallel:/dev/lp0", False),
        ("file:/dev/null", False),
        ("cups-pdf:/", False),
    ],
)
def test_where_printers_are(address: str, is_network: bool, tmp_path: Path, asking: Asking) -> None:
    text = f"<Printer A>\nDeviceURI {address}\n</Printer>\n<Class B>\nPrinter A\n</Class>\n"
    (row,) = rows(PrinterProvider(bare(tmp_path, f"== /etc/cups/printers.conf\n{text}")), asking)
    assert (row["Network"], row["Local"], row["PortName"]) == (is_network, not is_network, address)
    assert (row["PrinterStatus"], row["Status"], row["Comment"]) == (None, None, None)


@pytest.mark.parametrize("text", ["", "*Throughput: fast\n*DefaultResolution: high\n*PageSize\n*: \n", "\0*PageSize :"])
def test_descriptions_that_say_nothing(text: str) -> None:
    found = parse_description(text)
    assert (found.papers, found.resolution, found.pages_per_minute, found.is_color) == ((), None, None, False)


def test_a_file_that_must_not_be_read(
    host: Make, asking: Asking, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    laptop = host("laptop")

    def refuse(path: str) -> bytes:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(laptop, "load", refuse)
    with caplog.at_level(logging.WARNING, "openwmi.providers"):
        assert rows(PrinterProvider(laptop), asking) == []
    assert "printers.conf" in caplog.text


@pytest.mark.parametrize("name", ["cloud", "container"])
def test_hosts_that_share_nothing(name: str, host: Make, asking: Asking) -> None:
    for made in (host(name), Host("/no/such/root", kernel=Kernel("n", "6.1"))):
        assert rows(ShareProvider(made), asking) == []
        assert rows(PrinterProvider(made), asking) == []
