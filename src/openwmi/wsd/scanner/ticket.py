"""What a client asks for (ScanTicket), and what of that it gets (DocumentFinalParameters).

What cannot be had is replaced by what can, unless the client says `MustHonor`; the answer says what was replaced, and
what was taken where nothing was asked for ("CreateScanJobRequest", "DocumentFinalParameters").
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Generic, NamedTuple, TypeVar

from openwmi.base.limits import DPWS_FIELD_CHARS
from openwmi.soap.markup import Element, elements, text_of
from openwmi.soap.namespaces import SCAN
from openwmi.wsd.scanner.capabilities import (
    COLOURS,
    CONTENT,
    FORMATS,
    HIGHEST_QUALITY,
    LOWEST_QUALITY,
    SOURCE,
    USUAL_QUALITY,
    Capabilities,
    Size,
)
from openwmi.wsd.scanner.refusals import Refusal, refused

T = TypeVar("T")

OVERRIDE: Final = "Override"
USED_DEFAULT: Final = "UsedDefault"
LARGEST: Final = 1 << 31
"""The end of the range of all numbers of WS-Scan."""


@dataclass(frozen=True, slots=True)
class Chosen(Generic[T]):
    """A value, and why it is not what was asked for: `Override`, `UsedDefault`, or nothing."""

    value: T
    why: str = ""


class Region(NamedTuple):
    """A part of a sheet: thousandths of an inch."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Ticket:
    """A ticket that the scanner can carry out.

    Attributes:
        name, user, information: of the job, for people.
        format, quality, colour: of the images; the quality is of those that lose something.
        images: how many at most; 0 is all that there are.
        source: where from.
        resolution: pixels an inch, across and down.
        size: of the sheets.
        region: the part of each that is scanned, as the four numbers of a Region.
    """

    name: str
    user: str
    information: str
    format: Chosen[str]
    quality: Chosen[int]
    images: Chosen[int]
    source: Chosen[str]
    content: Chosen[str]
    colour: Chosen[str]
    resolution: tuple[Chosen[int], Chosen[int]]
    size: tuple[Chosen[int], Chosen[int]]
    region: tuple[Chosen[int], Chosen[int], Chosen[int], Chosen[int]]
    others: bool = False

    @property
    def area(self) -> Region:
        """The region's numbers."""
        return Region(*(each.value for each in self.region))

    @property
    def is_as_asked(self) -> bool:
        """Whether nothing was replaced."""
        single = (self.format, self.quality, self.images, self.source, self.content, self.colour)
        return not self.others and OVERRIDE not in {
            each.why for each in (*single, *self.resolution, *self.size, *self.region)
        }


def parse_ticket(
    element: Element | None, capabilities: Capabilities, largest: Size, *, lenient: bool = False
) -> Ticket:
    """A ScanTicket; without one, the default. Faulted for what makes no sense.

    Args:
        element: the ticket.
        capabilities, largest: what the scanner can do, and the largest sheets that it takes.
        lenient: what must be honoured and cannot be, and formats that are not there, are replaced all the same.
    """
    job = _child(element, "JobDescription")
    asked = _child(element, "DocumentParameters")
    front = _child(_child(asked, "MediaSides"), "MediaFront")
    choose = _Chooser(lenient)
    wide, high = _size(asked, largest, choose)
    return Ticket(
        _label(job, "JobName"),
        _label(job, "JobOriginatingUserName"),
        _label(job, "JobInformation"),
        choose.format(asked),
        choose.number(asked, "CompressionQualityFactor", USUAL_QUALITY, LOWEST_QUALITY, HIGHEST_QUALITY),
        choose.number(asked, "ImagesToTransfer", 0, 0, LARGEST),
        choose.word(asked, "InputSource", (SOURCE,)),
        choose.word(asked, "ContentType", (CONTENT,)),
        choose.word(front, "ColorProcessing", COLOURS),
        _resolution(front, capabilities, choose),
        (wide, high),
        _region(front, Size(wide.value, high.value), choose),
        choose.others(asked),
    )


class _Chooser:
    """Takes what is asked for, or what comes closest."""

    def __init__(self, lenient: bool) -> None:
        self._lenient = lenient

    def format(self, parent: Element | None) -> Chosen[str]:
        """A format is never replaced: the client could not read the other one."""
        asked = _text(parent, "Format")
        if asked is None:
            return Chosen(FORMATS[0], USED_DEFAULT)
        if asked in FORMATS:
            return Chosen(asked)
        if self._lenient:
            return Chosen(FORMATS[0], OVERRIDE)
        raise refused(Refusal.FORMAT_NOT_SUPPORTED, "Format", asked)

    def word(self, parent: Element | None, local: str, known: tuple[str, ...]) -> Chosen[str]:
        asked = _text(parent, local)
        if asked is None:
            return Chosen(known[0], USED_DEFAULT)
        if asked in known:
            return Chosen(asked)
        return self.replaced(parent, local, asked, known[0])

    def number(
        self, parent: Element | None, local: str, default: int, least: int, most: int, within: Iterable[int] = ()
    ) -> Chosen[int]:
        """A number in a range; where there is `within`, the nearest one of these."""
        asked = number_of(parent, local)
        if asked is None:
            return Chosen(default, USED_DEFAULT)
        choices = sorted(within)
        found = min(choices, key=lambda each: abs(each - asked)) if choices else min(max(asked, least), most)
        return Chosen(asked) if found == asked else self.replaced(parent, local, asked, found)

    def replaced(self, parent: Element | None, local: str, asked: object, found: T) -> Chosen[T]:
        if not self._lenient and (_must_honor(_child(parent, local)) or _must_honor(parent)):
            raise refused(Refusal.INVALID_ARGS, local, str(asked))
        return Chosen(found, OVERRIDE)

    def others(self, parent: Element | None) -> bool:
        """Whether something else is asked for, that the scanner does not do."""
        found = False
        for local, plain in _UNCHANGED.items():
            element = _child(parent, local)
            if element is not None and {(each.text or "").strip() for each in element.iter()} - {"", *plain}:
                self.replaced(parent, local, "", None)
                found = True
        return found


# What is not done to an image, and the values that mean so.
_UNCHANGED: Final = {
    "Exposure": ("0", "false"),
    "FilmScanMode": ("NotApplicable",),
    "Rotation": ("0",),
    "Scaling": ("100",),
}


def number_of(parent: Element | None, local: str) -> int | None:
    """A number in a child of that name; None where there is none. Faulted."""
    text = _text(parent, local)
    if text is None:
        return None
    if not text.isascii() or not text.isdecimal() or len(text) > 10 or int(text) > LARGEST:
        raise refused(Refusal.INVALID_ARGS, local, text)
    return int(text)


def _size(asked: Element | None, largest: Size, choose: _Chooser) -> tuple[Chosen[int], Chosen[int]]:
    size = _child(_child(asked, "InputSize"), "InputMediaSize")
    return (
        choose.number(size, "Width", largest.width, 1, largest.width),
        choose.number(size, "Height", largest.height, 1, largest.height),
    )


def _resolution(front: Element | None, capabilities: Capabilities, choose: _Chooser) -> tuple[Chosen[int], Chosen[int]]:
    """One that says only its width has it both ways, as the reference's examples do."""
    element = _child(front, "Resolution")
    known = capabilities.resolutions
    across = choose.number(element, "Width", capabilities.optical, 0, 0, known)
    down = choose.number(element, "Height", capabilities.optical, 0, 0, known)
    if across.why != USED_DEFAULT and down.why == USED_DEFAULT:
        down = across
    elif down.why != USED_DEFAULT and across.why == USED_DEFAULT:
        across = down
    return across, down


def _region(
    front: Element | None, size: Size, choose: _Chooser
) -> tuple[Chosen[int], Chosen[int], Chosen[int], Chosen[int]]:
    """What is wholly outside of the sheet is refused; what is partly, is made smaller."""
    element = _child(front, "ScanRegion")
    x = choose.number(element, "ScanRegionXOffset", 0, 0, LARGEST)
    y = choose.number(element, "ScanRegionYOffset", 0, 0, LARGEST)
    for offset, local, end in ((x, "ScanRegionXOffset", size.width), (y, "ScanRegionYOffset", size.height)):
        if offset.value >= end:
            raise refused(Refusal.INVALID_ARGS, local, str(offset.value))
    return (
        x,
        y,
        choose.number(element, "ScanRegionWidth", size.width - x.value, 1, size.width - x.value),
        choose.number(element, "ScanRegionHeight", size.height - y.value, 1, size.height - y.value),
    )


def _child(parent: Element | None, local: str) -> Element | None:
    return None if parent is None else next(elements(parent, SCAN, local), None)


def _text(parent: Element | None, local: str) -> str | None:
    element = _child(parent, local)
    return None if element is None else text_of(element)


def _label(parent: Element | None, local: str) -> str:
    return (_text(parent, local) or "")[:DPWS_FIELD_CHARS]


def _must_honor(element: Element | None) -> bool:
    """With a prefix or without: the reference has it both ways."""
    if element is None:
        return False
    return element.get(f"{{{SCAN}}}MustHonor", element.get("MustHonor", "")).strip() in {"1", "true"}
