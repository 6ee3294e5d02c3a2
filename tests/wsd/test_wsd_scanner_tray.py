"""The scanner's tray: which images of a folder are in it, in which order, and what becomes of one that is asked for."""

from __future__ import annotations

import logging
import os
import struct
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from tests.wsd.sheets import HEIGHT, WIDTH, fill, noise, read, same

from openwmi.wsd.scanner import tray
from openwmi.wsd.scanner.tray import Rendering, Sheet, read_tray, render

WHOLE = Rendering("png", "RGB24", 90, (0, 0, 1 << 20, 1 << 20), (300, 300), 300)
GREY = replace(WHOLE, colour="Grayscale8")


def sheet(path: Path) -> Sheet:
    (found,) = (each for each in read_tray(path.parent) if each.path == path)
    return found


def rendered(path: Path, how: Rendering) -> Image.Image:
    return read(render(sheet(path), how))


# ------------------------------------------------------------------------------------------------- what is in the tray


def test_names_are_in_the_order_that_people_expect(tmp_path: Path) -> None:
    names = ["2.png", "10.JPG", "cover.ppm", "Page 1.png", "page 1a.png", "page 2.pgm", "page 10.jpeg"]
    fill(tmp_path, *names)
    assert [found.path.name for found in read_tray(tmp_path)] == names


def test_what_is_no_image_is_passed_over(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    fill(tmp_path, "1.png", ".hidden.png", "5.bmp", "6.gif")
    (tmp_path / "2.png").write_bytes(b"no image at all")
    (tmp_path / "3.png").mkdir()
    os.mkfifo(tmp_path / "4.png")
    (tmp_path / "7.png").symlink_to("nowhere.png")
    (tmp_path / "notes.txt").write_text("hello", encoding="ascii")
    (tmp_path / "8.jpg").symlink_to("1.png")
    assert [found.path.name for found in read_tray(tmp_path)] == ["1.png", "8.jpg"]
    assert [record.getMessage().partition(" is passed")[0] for record in caplog.records] == [f"{tmp_path}/2.png"]


def test_an_image_that_is_called_another_format(tmp_path: Path) -> None:
    """What it is counts; formats that are not read are none by another name either."""
    image = noise()
    image.save(tmp_path / "1.png", "PPM")
    image.save(tmp_path / "2.png", "BMP")
    assert [(found.path.name, found.width, found.height) for found in read_tray(tmp_path)] == [("1.png", 13, 7)]


def test_there_is_no_folder(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_tray(tmp_path / "gone")


def test_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    fill(tmp_path, "1.png", "2.png", "3.png")
    monkeypatch.setattr(tray, "SCAN_SHEETS", 2)
    assert [found.path.name for found in read_tray(tmp_path)] == ["1.png", "2.png"]
    assert "has 3 images, and a job takes the first 2" in caplog.text
    found = sheet(tmp_path / "1.png")
    monkeypatch.setattr(tray, "SCAN_PIXELS", WIDTH * HEIGHT - 1)
    assert read_tray(tmp_path) == ()
    with pytest.raises(ValueError, match="more than 90 pixels"):
        render(found, WHOLE)


def test_a_bomb(tmp_path: Path) -> None:
    """A head that promises more pixels than there is memory."""
    fill(tmp_path, "1.png")
    octets = bytearray((tmp_path / "1.png").read_bytes())
    octets[16:24] = struct.pack(">II", 1 << 30, 1 << 30)
    (tmp_path / "1.png").write_bytes(octets)
    assert read_tray(tmp_path) == ()


def test_an_image_that_is_cut_off(tmp_path: Path) -> None:
    """At each length: it is no sheet, or cannot be scanned, or is whole all the same."""
    (image,) = fill(tmp_path, "1.png", size=(3, 2))
    octets = (tmp_path / "1.png").read_bytes()
    for length in range(len(octets)):
        (tmp_path / "1.png").write_bytes(octets[:length])
        for found in read_tray(tmp_path):
            try:
                made = read(render(found, GREY))
            except (OSError, ValueError, SyntaxError):
                continue
            assert same(made, image.convert("L"))


# --------------------------------------------------------------------------------------------------- what is made of it


@pytest.mark.parametrize("mode", ["L", "RGB"])
@pytest.mark.parametrize(("name", "format_"), [("1.png", "png"), ("1.jpg", "jfif")])
def test_a_file_that_is_what_is_asked_for_is_sent_as_it_is(tmp_path: Path, mode: str, name: str, format_: str) -> None:
    fill(tmp_path, name, mode=mode)
    how = replace(WHOLE if mode == "RGB" else GREY, format=format_)
    with render(sheet(tmp_path / name), how) as file:
        assert file.read() == (tmp_path / name).read_bytes()


@pytest.mark.parametrize("name", ["1.png", "1.ppm", "1.jpg", "1.pgm"])
@pytest.mark.parametrize("how", [WHOLE, GREY])
def test_pixels_are_those_of_the_image(tmp_path: Path, name: str, how: Rendering) -> None:
    fill(tmp_path, name, mode="L" if name == "1.pgm" else "RGB")
    source = read(tmp_path / name)
    assert same(rendered(tmp_path / name, how), source.convert("RGB" if how is WHOLE else "L"))


@settings(max_examples=30)
@given(
    size=st.tuples(st.integers(1, 30), st.integers(1, 30)),
    box=st.tuples(*[st.integers(0, 40)] * 4),
    mode=st.sampled_from(["L", "RGB"]),
    how=st.sampled_from([WHOLE, GREY]),
)
def test_a_part_of_it(
    tmp_path_factory: pytest.TempPathFactory,
    size: tuple[int, int],
    box: tuple[int, int, int, int],
    mode: str,
    how: Rendering,
) -> None:
    folder = tmp_path_factory.mktemp("part")
    (source,) = fill(folder, "1.png", mode=mode, size=size)
    how = replace(how, box=(box[0], box[1], box[0] + box[2] + 1, box[1] + box[3] + 1))
    within = how.within(sheet(folder / "1.png"))
    assert 0 <= within[0] < within[2] <= size[0]
    assert 0 <= within[1] < within[3] <= size[1]
    made = rendered(folder / "1.png", how)
    assert same(made, source.crop(within).convert(made.mode))
    assert made.size == how.size(sheet(folder / "1.png"))


def test_lower_resolutions(tmp_path: Path) -> None:
    """Four equal pixels become one of the same colour."""
    small = noise("RGB", (5, 4))
    small.resize((10, 8), Image.Resampling.NEAREST).save(tmp_path / "1.png")
    made = rendered(tmp_path / "1.png", replace(WHOLE, resolution=(150, 150)))
    assert same(made, small)
    assert round(made.info["dpi"][0]) == 150
    assert rendered(tmp_path / "1.png", replace(WHOLE, resolution=(150, 300))).size == (5, 8)
    assert rendered(tmp_path / "1.png", replace(WHOLE, resolution=(1, 1))).size == (1, 1)


@pytest.mark.parametrize("how", [WHOLE, GREY])
@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_what_is_transparent_lies_on_white_paper(tmp_path: Path, mode: str, how: Rendering) -> None:
    image = Image.new(mode, (2, 1), 0)
    image.putpixel((1, 0), (10,) * (len(mode) - 1) + (255,))
    image.save(tmp_path / "1.png")
    made = rendered(tmp_path / "1.png", how)
    assert made.tobytes() == bytes([255] * len(made.mode) + [10] * len(made.mode))


def test_a_palette_with_a_transparent_colour(tmp_path: Path) -> None:
    image = Image.new("P", (2, 1))
    image.putpalette([1, 2, 3, 200, 100, 50])
    image.putpixel((1, 0), 1)
    image.save(tmp_path / "1.png", transparency=0)
    assert rendered(tmp_path / "1.png", WHOLE).tobytes() == bytes([255, 255, 255, 200, 100, 50])


def test_sixteen_bits(tmp_path: Path) -> None:
    """The upper eight are kept, where Pillow by itself would make nearly everything white."""
    (tmp_path / "1.pgm").write_bytes(b"P5\n3 1\n65535\n" + struct.pack(">3H", 0, 0x7F80, 0xFFFF))
    deep = Image.new("I;16", (3, 1))
    for x, value in enumerate((0, 0x7F80, 0xFFFF)):
        deep.putpixel((x, 0), value)
    deep.save(tmp_path / "2.png")
    for name in ("1.pgm", "2.png"):
        assert rendered(tmp_path / name, GREY).tobytes() == bytes([0, 0x7F, 0xFF])
        assert rendered(tmp_path / name, WHOLE).tobytes() == bytes([0] * 3 + [0x7F] * 3 + [0xFF] * 3)


def test_other_depths_and_colours(tmp_path: Path) -> None:
    Image.new("1", (3, 1), 1).save(tmp_path / "1.png")
    Image.new("1", (3, 1), 1).save(tmp_path / "2.pbm")
    noise("CMYK").save(tmp_path / "3.jpg")
    assert rendered(tmp_path / "1.png", GREY).tobytes() == rendered(tmp_path / "2.pbm", GREY).tobytes() == b"\xff" * 3
    assert same(rendered(tmp_path / "3.jpg", WHOLE), read(tmp_path / "3.jpg").convert("RGB"))


@pytest.mark.parametrize("name", ["1.jpg", "1.png"])
def test_it_is_upright(tmp_path: Path, name: str) -> None:
    """As cameras and phones turn their images: by a note in the file."""
    exif = Image.Exif()
    exif[tray.ORIENTATION] = 6
    noise().save(tmp_path / name, exif=exif)
    source = read(tmp_path / name)
    assert (sheet(tmp_path / name).width, sheet(tmp_path / name).height) == (HEIGHT, WIDTH)
    made = rendered(tmp_path / name, WHOLE)
    assert same(made, source.transpose(Image.Transpose.ROTATE_270))
    top = replace(WHOLE, box=(0, 0, HEIGHT, 1))
    assert same(rendered(tmp_path / name, top), made.crop((0, 0, HEIGHT, 1)))


@pytest.mark.parametrize("orientation", [0, 9])
def test_an_orientation_that_makes_no_sense(tmp_path: Path, orientation: int) -> None:
    exif = Image.Exif()
    exif[tray.ORIENTATION] = orientation
    noise().save(tmp_path / "1.jpg", exif=exif)
    assert same(rendered(tmp_path / "1.jpg", WHOLE), read(tmp_path / "1.jpg"))


def test_an_image_that_another_one_has_replaced(tmp_path: Path) -> None:
    """Since the job began."""
    fill(tmp_path, "1.png")
    found = sheet(tmp_path / "1.png")
    (source,) = fill(tmp_path, "1.png", size=(5, 30))
    assert same(
        read(render(found, replace(WHOLE, format="jfif"))),
        read(render(sheet(found.path), replace(WHOLE, format="jfif"))),
    )
    assert same(read(render(found, GREY)), source.convert("L"))


def test_the_quality_of_a_jpeg(tmp_path: Path) -> None:
    fill(tmp_path, "1.png", size=(64, 64))
    lengths = []
    for quality in (1, 50, 100):
        with render(sheet(tmp_path / "1.png"), replace(WHOLE, format="jfif", quality=quality)) as file:
            lengths.append(len(file.read()))
    assert lengths == sorted(lengths)
    assert lengths[0] < lengths[-1]


def test_nothing_is_logged_of_what_is_well(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    fill(tmp_path, "1.png")
    with caplog.at_level(logging.INFO):
        rendered(tmp_path / "1.png", GREY)
    assert caplog.text == ""
