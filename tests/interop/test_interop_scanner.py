"""SANE scans from our scanner, through its backend sane-airscan: what it gets are the pixels of the images."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

import pytest
from PIL import Image
from tests.interop.link import LONGEST, OPENWMI, Machine, Program, cable

# At 300 dots an inch, which is SANE's own choice, too.
WIDTH, HEIGHT = 300, 600
AREA = ("-x", "25.4", "-y", "50.8")
NO_DOCUMENTS = 7  # SANE_STATUS_NO_DOCS is scanimage's exit status, too
COLOUR, GREY = "RGB", "L"
MODES = {COLOUR: "Color", GREY: "Gray"}


def command(name: str) -> str:
    """Where somebody's program is; the test is skipped where it is not installed."""
    found = shutil.which(name, path=os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/bin")))
    if found is None:
        pytest.skip(f"{name} is not installed: it comes with sane-utils, sane-airscan or avahi-daemon")
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "images"
    made.mkdir()
    return made


class Sane:
    """scanimage, with a configuration of its own."""

    def __init__(self, folder: Path, configuration: str) -> None:
        command("airscan-discover")
        self.program = command("scanimage")
        self.out = folder / "scans"
        self.out.mkdir()
        self._configuration = folder / "sane"
        self._configuration.mkdir()
        (self._configuration / "dll.conf").write_text("airscan\n", encoding="ascii")
        (self._configuration / "airscan.conf").write_text(configuration, encoding="ascii")

    def command(self, *arguments: str, device: str = "airscan:w0:Ours", **environment: str) -> list[str]:
        """Scans to a file for each page."""
        given = {"SANE_CONFIG_DIR": str(self._configuration), "LC_ALL": "C", **environment}
        batch = f"--batch={self.out}/%d.pnm"
        variables = [f"{name}={value}" for name, value in given.items()]
        return ["env", *variables, self.program, "-d", device, "--format=pnm", batch, *arguments]

    async def scan(self, *arguments: str) -> tuple[int, str]:
        """The exit status, and what it said."""
        process = await started(*self.command(*AREA, *arguments))
        async with asyncio.timeout(LONGEST):
            said = (await process.communicate())[0].decode()
        assert process.returncode is not None
        return process.returncode, said

    def pages(self) -> list[Image.Image]:
        """What was scanned."""
        found = sorted(self.out.iterdir(), key=lambda path: int(path.stem))
        return [read(path) for path in found]


async def started(*arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *arguments, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )


@asynccontextmanager
async def hosting(folder: Path, tmp_path: Path) -> AsyncIterator[tuple[Program, Sane]]:
    """Our scanner on the loopback, and SANE that was told where it is."""
    program = Program(
        await started(
            "env",
            f"STATE_DIRECTORY={tmp_path}",
            "PYTHONUNBUFFERED=1",
            *(*OPENWMI, "wsd", "host", "scanner", "--listen", "127.0.0.1:0", "--images", str(folder)),
        )
    )
    try:
        url = (await program.until("http://")).strip()
        yield program, Sane(tmp_path, f'[devices]\n"Ours" = {url}, wsd\n[options]\ndiscovery = disable\n')
    finally:
        await program.end()


def noise(seed: int, mode: str = COLOUR) -> Image.Image:
    return Image.frombytes(mode, (WIDTH, HEIGHT), Random(seed).randbytes(WIDTH * HEIGHT * len(mode)))


def read(path: Path) -> Image.Image:
    with Image.open(path) as image:
        image.load()
        return image


def same(scanned: Image.Image, source: Image.Image) -> bool:
    return (scanned.mode, scanned.size, scanned.tobytes()) == (source.mode, source.size, source.tobytes())


@pytest.mark.parametrize("mode", [COLOUR, GREY])
async def test_each_page_has_the_pixels_of_its_image(folder: Path, tmp_path: Path, mode: str) -> None:
    """As PNG, which is sent as it is; as PNM and JPEG, which are not: SANE asks for PNG."""
    names = ["page1.png", "page2.pnm", "page10.jpg"]
    for seed, name in enumerate(names):
        noise(seed, mode).save(folder / name)
    async with hosting(folder, tmp_path) as (program, sane):
        status, said = await sane.scan("--mode", MODES[mode])
        assert status == 0, said
        await program.until("is completed: 3 of 3 pages")
    pages = sane.pages()
    assert len(pages) == len(names)
    for page, name in zip(pages, names, strict=True):
        assert same(page, read(folder / name)), name


@pytest.mark.parametrize("mode", [COLOUR, GREY])
async def test_grey_and_colour_become_what_is_asked_for(folder: Path, tmp_path: Path, mode: str) -> None:
    sources = [noise(1, GREY), noise(2, COLOUR)]
    for number, source in enumerate(sources):
        source.save(folder / f"{number}.png")
    async with hosting(folder, tmp_path) as (_, sane):
        assert (await sane.scan("--mode", MODES[mode]))[0] == 0
    assert [same(page, source.convert(mode)) for page, source in zip(sane.pages(), sources, strict=True)] == [True] * 2


async def test_its_cancel_ends_the_job(folder: Path, tmp_path: Path) -> None:
    """The backend fetches pages ahead of scanimage, so that there have to be many."""
    noise(1).save(folder / "1.png")
    for number in range(2, 301):
        (folder / f"{number}.png").hardlink_to(folder / "1.png")
    async with hosting(folder, tmp_path) as (program, sane):
        process = await started(*sane.command("--progress"))
        assert process.stdout is not None
        async with asyncio.timeout(LONGEST):
            await process.stdout.readuntil(b"Progress: ")  # amid a page of thirty megabytes
            process.send_signal(signal.SIGINT)
            assert " of 300 pages" in await program.until("is canceled: ")
            process.kill()  # some versions go on with the next page, and a job for it
            await process.communicate()
        shutil.rmtree(sane.out)
        sane.out.mkdir()
        # The next job is nobody's continuation.
        status, said = await sane.scan("--batch-count=1")
        assert status == 0, said
    assert [same(page, noise(1)) for page in sane.pages()] == [True]


async def test_an_empty_tray(folder: Path, tmp_path: Path) -> None:
    """The folder is looked at anew for each job."""
    async with hosting(folder, tmp_path) as (_, sane):
        status, said = await sane.scan()
        assert status == NO_DOCUMENTS
        assert "Document feeder out of documents" in said
        noise(1).save(folder / "1.png")
        assert (await sane.scan())[0] == 0
    assert len(sane.pages()) == 1


async def test_two_at_a_time(folder: Path, tmp_path: Path) -> None:
    for number in range(20):
        noise(number).save(folder / f"{number}.png")
    async with hosting(folder, tmp_path) as (_, one):
        (tmp_path / "other").mkdir()
        other = Sane(tmp_path / "other", (tmp_path / "sane" / "airscan.conf").read_text(encoding="ascii"))
        assert [status for status, _ in await asyncio.gather(one.scan(), other.scan())] == [0, 0]
    for sane in (one, other):
        assert [same(page, noise(number)) for number, page in enumerate(sane.pages())] == [True] * 20


# -------------------------------------------------------------------------------------------------- between namespaces

BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path={path}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_type="method_call"/>
<allow send_type="method_return"/><allow send_type="error"/><allow send_type="signal"/>
<allow receive_type="method_call"/><allow receive_type="method_return"/><allow receive_type="error"/>
<allow receive_type="signal"/></policy></busconfig>
"""
# Where Avahi keeps its number and its socket is nobody's but this one's.
ALONE = "mkdir -p /run/avahi-daemon && mount -t tmpfs none /run/avahi-daemon && exec "


@asynccontextmanager
async def avahi(machine: Machine, folder: Path) -> AsyncIterator[str]:
    """sane-airscan finds nothing without it, WSD included: Avahi there, on a bus of its own, whose address it gives."""
    daemon, bus = command("avahi-daemon"), command("dbus-daemon")
    address = f"unix:path={folder}/bus"
    (folder / "bus.conf").write_text(BUS.format(path=folder / "bus"), encoding="utf-8")
    (folder / "avahi.conf").write_text(
        "[server]\nenable-dbus=yes\n[publish]\ndisable-publishing=yes\n", encoding="utf-8"
    )
    run = f"{ALONE}{daemon} --no-drop-root --no-chroot --no-rlimits --no-proc-title -f {folder}/avahi.conf"
    async with machine.running(bus, f"--config-file={folder}/bus.conf", "--nofork", "--print-address=1") as running:
        await running.until("unix:")
        async with machine.running("env", f"DBUS_SYSTEM_BUS_ADDRESS={address}", "sh", "-c", run) as publishing:
            await publishing.until("Server startup complete")
            yield address


async def test_it_is_found(folder: Path, tmp_path: Path) -> None:
    noise(1).save(folder / "1.png")
    sane = Sane(tmp_path, "[options]\ndiscovery = enable\nmodel = hardware\nws-discovery = full\n")
    with cable() as (here, there):
        host = (*OPENWMI, "wsd", "host", "scanner", "--images", str(folder))
        async with here.running(*host, state=tmp_path) as program, avahi(there, tmp_path) as bus:
            await program.until("this scanner can be found as")
            scanning = sane.command(*AREA, device="airscan:w0:openwmi scanner", DBUS_SYSTEM_BUS_ADDRESS=bus)
            async with there.running(*scanning) as scanned:
                await scanned.until("Batch terminated, 1 page scanned")
    assert [same(page, noise(1)) for page in sane.pages()] == [True]
