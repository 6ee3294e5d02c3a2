"""Images for the tests of the scanner: of noise, so that no pixel is like its neighbour."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from random import Random
from typing import IO

from PIL import Image

WIDTH, HEIGHT = 13, 7
PIXELS = {"L": 1, "LA": 2, "RGB": 3, "RGBA": 4, "CMYK": 4}


def noise(mode: str = "RGB", size: tuple[int, int] = (WIDTH, HEIGHT), seed: int = 1) -> Image.Image:
    """One of a mode of Pillow's that has eight bits a colour."""
    return Image.frombytes(mode, size, Random(seed).randbytes(size[0] * size[1] * PIXELS[mode]))


def fill(folder: Path, *names: str, mode: str = "RGB", size: tuple[int, int] = (WIDTH, HEIGHT)) -> list[Image.Image]:
    """Saves an image of its own under each of the names."""
    images = [noise(mode, size, seed) for seed in range(len(names))]
    for image, name in zip(images, names, strict=True):
        image.save(folder / name)
    return images


def read(source: Path | IO[bytes] | bytes) -> Image.Image:
    """All of it; a file that is open is closed."""
    given = BytesIO(source) if isinstance(source, bytes) else source
    with Image.open(given) as image:
        image.load()
    if not isinstance(given, Path):
        given.close()
    return image


def same(one: Image.Image, other: Image.Image) -> bool:
    """Whether they are of the same mode and size, and each pixel is the same."""
    return (one.mode, one.size, one.tobytes()) == (other.mode, other.size, other.tobytes())
