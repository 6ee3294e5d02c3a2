"""The folder whose images are the sheets in the tray, and an image as it is asked for.

A pixel of an image is a pixel of the scan: nothing is scaled at the scanner's own resolution, and an image that is what
is asked for is sent as its file is. It knows nothing of SOAP. Everything here may block: it runs on a thread.
"""

from __future__ import annotations

import logging
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, NamedTuple

from openwmi.base.limits import SCAN_PIXELS, SCAN_SHEETS

try:
    from PIL import Image, ImageOps
except ImportError as error:
    raise ImportError("a scanner needs Pillow: pip install 'openwmi[scanner]'", name="PIL") from error

log = logging.getLogger("openwmi.wsd")

SUFFIXES: Final = frozenset({".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".pbm", ".pgm", ".ppm", ".pnm"})
READ: Final = ("PNG", "JPEG", "PPM")
ORIENTATION: Final = 0x0112
UPRIGHT: Final = 1
SIDEWAYS: Final = range(5, 9)

WRITTEN: Final = {"png": "PNG", "jfif": "JPEG"}
MODES: Final = {"RGB24": "RGB", "Grayscale8": "L"}
# Sixteen bits of grey, as Pillow has them.
DEEP: Final = frozenset({"I", "I;16", "I;16B", "I;16L", "I;16N"})


class Sheet(NamedTuple):
    """An image in the tray: where it is, and its pixels as it is looked at."""

    path: Path
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Rendering:
    """How an image is asked for.

    Attributes:
        format, colour: as WS-Scan names them.
        quality: of a JPEG, 1 to 100.
        box: the part of it, in its pixels: left, top, right, bottom. What is outside of the image is not there.
        resolution: pixels an inch, across and down; optical: those of the image itself.
    """

    format: str
    colour: str
    quality: int
    box: tuple[int, int, int, int]
    resolution: tuple[int, int]
    optical: int

    def size(self, sheet: Sheet) -> tuple[int, int]:
        """Pixels of what comes out."""
        left, top, right, bottom = self.within(sheet)
        across, down = self.resolution
        return (
            max(1, round((right - left) * across / self.optical)),
            max(1, round((bottom - top) * down / self.optical)),
        )

    def within(self, sheet: Sheet) -> tuple[int, int, int, int]:
        """The part of that image; one pixel at least, so that a small sheet is no error."""
        left, top = min(self.box[0], sheet.width - 1), min(self.box[1], sheet.height - 1)
        return left, top, max(left + 1, min(self.box[2], sheet.width)), max(top + 1, min(self.box[3], sheet.height))


def read_tray(folder: Path) -> tuple[Sheet, ...]:
    """Its images by their names, numbers in these by their value: page2 before page10. OSError.

    What is no image, and what is hidden, is passed over.
    """
    names = sorted(
        (each for each in folder.iterdir() if each.suffix.lower() in SUFFIXES and not each.name.startswith(".")),
        key=lambda path: _natural(path.name),
    )
    if len(names) > SCAN_SHEETS:
        log.warning("%s has %d images, and a job takes the first %d", folder, len(names), SCAN_SHEETS)
    sheets = (_look(path) for path in names[:SCAN_SHEETS])
    return tuple(sheet for sheet in sheets if sheet is not None)


def render(sheet: Sheet, how: Rendering) -> IO[bytes]:
    """An open file with the image. OSError, ValueError for one that cannot be read after all."""
    with Image.open(sheet.path, formats=READ) as image:
        sheet = _sheet(sheet.path, image)  # somebody may have put another one there
        if _is_as_asked(image, sheet, how):
            return sheet.path.open("rb")
        upright = image if _orientation(image) == UPRIGHT else ImageOps.exif_transpose(image)
        made = _flat(upright.crop(how.within(sheet)), MODES[how.colour])
    size = how.size(sheet)
    if made.size != size:
        made = made.resize(size, Image.Resampling.BOX)
    # The fastest compression of PNG takes a third of the time of the usual one; files are half as large again.
    options = {"quality": how.quality} if how.format == "jfif" else {"compress_level": 1}
    file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - it is the caller's
    try:
        made.save(file, WRITTEN[how.format], dpi=how.resolution, **options)
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return file


def _look(path: Path) -> Sheet | None:
    """Its head alone is read."""
    try:
        if not path.is_file():  # opening a pipe would wait for somebody to write to it
            return None
        with Image.open(path, formats=READ) as image:
            return _sheet(path, image)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        log.warning("%s is passed over: %s", path, error)
        return None


def _sheet(path: Path, image: Image.Image) -> Sheet:
    """ValueError where it is too large."""
    width, height = image.size
    if width * height > SCAN_PIXELS:
        raise ValueError(f"{path} has more than {SCAN_PIXELS} pixels")
    if _orientation(image) in SIDEWAYS:
        width, height = height, width
    return Sheet(path, width, height)


def _orientation(image: Image.Image) -> int:
    """As Exif says it; in a PNG, if that stands before the pixels: to look behind them is to read them all."""
    if image.format != "JPEG" and "exif" not in image.info:
        return UPRIGHT
    found = image.getexif().get(ORIENTATION, UPRIGHT)
    return found if found in range(UPRIGHT, SIDEWAYS.stop) else UPRIGHT


def _is_as_asked(image: Image.Image, sheet: Sheet, how: Rendering) -> bool:
    return (
        image.format == WRITTEN[how.format]
        and image.mode == MODES[how.colour]
        and "transparency" not in image.info
        and getattr(image, "n_frames", 1) == 1
        and _orientation(image) == UPRIGHT
        and how.within(sheet) == (0, 0, *image.size)
        and how.size(sheet) == image.size
    )


def _flat(image: Image.Image, mode: str) -> Image.Image:
    """On white paper, with eight bits a colour."""
    if image.mode in DEEP:
        image = image.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image if image.mode == mode else image.convert(mode)


def _natural(name: str) -> tuple[tuple[int, int, str], ...]:
    """Numbers before words, and numbers by their value; the name itself where that makes no difference."""
    pieces = (piece for piece in re.split(r"(\d+)", name.casefold()) if piece)
    return (
        *((0, int(piece), "") if piece.isascii() and piece.isdecimal() else (1, 0, piece) for piece in pieces),
        (0, 0, name),
    )
