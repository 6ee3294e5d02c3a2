"""What the scanner can do, as data. Lengths are in thousandths of an inch, as everywhere in WS-Scan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus

FORMATS: Final = ("png", "jfif")
"""PNG loses nothing, so it comes first."""
COLOURS: Final = ("RGB24", "Grayscale8")
SOURCE: Final = "ADF"
CONTENT: Final = "Auto"

USUAL_RESOLUTIONS: Final = (75, 100, 150, 200, 300, 600)
OPTICAL: Final = 300
RESOLUTIONS: Final = range(50, 2401)
LOWEST_QUALITY, HIGHEST_QUALITY, USUAL_QUALITY = 1, 100, 90
SMALLEST: Final = 50


class Size(NamedTuple):
    """Of a sheet: thousandths of an inch."""

    width: int
    height: int


LEGAL: Final = Size(8500, 14000)


@dataclass(frozen=True, slots=True)
class Capabilities:
    """Attributes: optical: how many pixels of an image are an inch, whatever its file says."""

    optical: int = OPTICAL

    def __post_init__(self) -> None:
        if self.optical not in RESOLUTIONS:
            text = f"{self.optical} pixels an inch: it has to be {RESOLUTIONS.start} to {RESOLUTIONS.stop - 1}"
            raise WbemError(WbemStatus.INVALID_PARAMETER, text)

    @property
    def resolutions(self) -> tuple[int, ...]:
        """Its own, at which pixels are those of the image, and lower ones."""
        return (*(each for each in USUAL_RESOLUTIONS if each < self.optical), self.optical)

    def size(self, pixels_wide: int, pixels_high: int) -> Size:
        """Of a sheet with that many pixels: no pixel is outside of it."""
        return Size(-(-pixels_wide * 1000 // self.optical), -(-pixels_high * 1000 // self.optical))

    def largest(self, sheets: Size) -> Size:
        """What it takes, where the largest sheets in the tray are of that size.

        It is no wider than high: clients take that for a mistake of the scanner's, and exchange the two.
        """
        width = max(sheets.width, LEGAL.width)
        return Size(width, max(sheets.height, LEGAL.height, width))
