"""The printers of CUPS: /etc/cups/printers.conf, and of each its description in PPD, where it has one.

The scheduler writes the file whenever a printer or its state changes, and lets only its own group read it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from openwmi.providers.host import Host

FILE = "/etc/cups/printers.conf"


@dataclass(frozen=True, slots=True)
class Description:
    """What is read of a PPD ("PostScript Printer Description File Format Specification", 4.3).

    Attributes:
        papers: the names of the sizes of paper.
        resolution: dots per inch, across and along; None if it is not given.
        pages_per_minute: None if it is not given.
        is_color: whether it prints in colour.
        is_duplex: whether it prints on both sides.
    """

    papers: tuple[str, ...]
    resolution: tuple[int, int] | None
    pages_per_minute: int | None
    is_color: bool
    is_duplex: bool


class Printer:
    """A printer; classes of printers are none.

    Attributes:
        name: of the queue.
        is_default: whether it is the server's default.
        given: what stands in the file, by name; of what is there twice the last.
    """

    def __init__(self, host: Host, name: str, given: Mapping[str, str], *, is_default: bool) -> None:
        self.host = host
        self.name = name
        self.given = given
        self.is_default = is_default

    @property
    def address(self) -> str:
        """Where it is, without the account and the password that may be in it."""
        return re.sub(r"//[^/]*@", "//", self.given.get("DeviceURI", ""))

    @property
    def is_network(self) -> bool:
        """Not at this machine's own ports: what it is connected by is the scheme of its address."""
        return re.match(_OWN_PORTS, self.address) is None

    @property
    def is_shared(self) -> bool:
        return self.given.get("Shared", "").lower() in _YES

    @property
    def state(self) -> str:
        """Idle, Processing or Stopped; empty if it is not given."""
        return self.given.get("State", "").capitalize()

    @cached_property
    def description(self) -> Description | None:
        """None for a printer without a PPD, which is told what it can do by the printer itself."""
        text = self.host.read(f"/etc/cups/ppd/{self.name}.ppd")
        return None if text is None else parse_description(text)


def printers(host: Host) -> Iterator[Printer]:
    """All of them. OSError where the file is there and must not be read."""
    try:
        text = host.load(FILE).decode("utf-8", "replace")
    except FileNotFoundError:
        return
    for begin, name, body in _PRINTER.findall(text):
        given = {}
        for line in body.splitlines():
            key, _, value = line.strip().partition(" ")
            given[key] = re.sub(r"\\(.)", r"\1", value.strip())
        yield Printer(host, name, given, is_default=begin == "DefaultPrinter")


def parse_description(text: str) -> Description:
    """What is not there, or cannot be understood, is left out."""
    values = dict(re.findall(r'^\*(\w+): *"?([^"\r\n]*)', text, re.MULTILINE))
    papers = re.findall(r"^\*PageSize ([^/:\r\n]+)(?:/([^:\r\n]*))?:", text, re.MULTILINE)
    dots = re.match(r"(\d+)(?:x(\d+))?dpi", values.get("DefaultResolution", ""))
    speed = values.get("Throughput", "").strip()
    return Description(
        tuple(shown or name for name, shown in papers),
        None if dots is None else (int(dots[1]), int(dots[2] or dots[1])),
        int(speed) if speed.isdecimal() else None,
        values.get("ColorDevice", "").strip() == "True",
        re.search(r"^\*Duplex Duplex", text, re.MULTILINE) is not None,
    )


_PRINTER = re.compile(r"^<(Printer|DefaultPrinter) ([^>\n]+)>\n(.*?)^</\1>", re.MULTILINE | re.DOTALL)
_OWN_PORTS = re.compile(r"(?:usb|parallel|serial|file|cups-pdf|hp:/usb|hpfax:/usb|epkowa|gutenprint\d*\+usb)\b")
_YES = {"yes", "true", "on", "1"}
