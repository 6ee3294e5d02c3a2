"""The scan service as its clients see it: over a network in memory, with images in a folder."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from PIL import Image
from tests.wsd.devices import World
from tests.wsd.sheets import HEIGHT, WIDTH, fill, noise, read, same

from openwmi.base.error import WbemError
from openwmi.base.limits import SCAN_JOBS_PER_CLIENT, SCAN_RETRIEVE_SECONDS
from openwmi.net.http_client import HttpClient
from openwmi.soap import included
from openwmi.soap.markup import Element
from openwmi.soap.namespaces import PNPX, SCAN
from openwmi.wsd import Endpoint, Faulted, Reply
from openwmi.wsd.scanner import SCAN_DEVICE, SCANNER_SERVICE, Capabilities, Scanner, ScanService, this_scanner
from openwmi.wsd.scanner.jobs import Job, JobState

XMLNS = f'xmlns:wscn="{SCAN}" xmlns="{SCAN}"'


class Client:
    """Who scans."""

    def __init__(self, world: World, service: ScanService) -> None:
        self.http = HttpClient(connect=world.web.connect)
        self.endpoint = Endpoint(world.host.url(service), http=self.http)

    async def ask(self, operation: str, inner: str = "", name: str = "") -> Reply:
        body = f"<{name or operation + 'Request'} {XMLNS}>{inner}</{name or operation + 'Request'}>"
        reply: Reply = await self.endpoint.two_way(f"{SCAN}/{operation}", body.encode())
        return reply

    async def refused(self, operation: str, inner: str = "", name: str = "") -> str:
        """The name of the fault."""
        with pytest.raises(Faulted) as error:
            await self.ask(operation, inner, name)
        assert error.value.fault.subcode is not None
        return error.value.fault.subcode.local

    async def create(self, parameters: str = "", front: str = "") -> tuple[str, Element]:
        """What names the job, and the whole answer."""
        sides = f"<MediaSides><MediaFront>{front}</MediaFront></MediaSides>"
        asked = f"<ScanTicket><DocumentParameters>{parameters}{sides}</DocumentParameters></ScanTicket>"
        answer = (await self.ask("CreateScanJob", asked)).message.body
        assert answer is not None
        number, token = say(answer, "JobId"), say(answer, "JobToken")
        return f"<JobId>{number}</JobId><JobToken>{token}</JobToken>", answer

    async def page(self, job: str) -> bytes:
        reply = await self.ask("RetrieveImage", job)
        body = reply.message.body
        assert body is not None
        content_id = included(body[0])
        assert content_id is not None
        return await reply.attachments[content_id].read()

    async def elements(self, operation: str, *names: str, inner: str = "") -> Element:
        asked = "".join(f"<Name>{name}</Name>" for name in names)
        body = (await self.ask(operation, f"{inner}<RequestedElements>{asked}</RequestedElements>")).message.body
        assert body is not None
        return body


def say(element: Element, *path: str) -> str | None:
    """The text of the element at the end of the path, from anywhere below; None where there is none."""
    found = element.find(".//" + "/".join(f"{{{SCAN}}}{local}" for local in path))
    return None if found is None else found.text


def alone(job: str) -> str:
    """Its number without its token."""
    return job.partition("<JobToken>")[0]


class Room:
    """A scanner, its folder, and a client."""

    def __init__(self, folder: Path, **service: Any) -> None:
        self.folder = folder
        self.service = ScanService(folder, name="Ours", **service)
        self.world = World(services=[self.service])
        self.client = Client(self.world, self.service)

    @property
    def last(self) -> Job:
        return self.service.jobs.past[0]


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    made = Room(tmp_path)
    async with made.world.host:
        yield made
        await made.client.http.aclose()


# ------------------------------------------------------------------------------------------------------------- scanning


@pytest.mark.parametrize("colour", ["RGB24", "Grayscale8"])
async def test_all_pages(room: Room, colour: str) -> None:
    sources = fill(room.folder, "1.png", "2.ppm", "10.png")
    job, answer = await room.client.create(front=f"<ColorProcessing>{colour}</ColorProcessing>")
    assert (say(answer, "PixelsPerLine"), say(answer, "NumberOfLines")) == (str(WIDTH), str(HEIGHT))
    mode = "RGB" if colour == "RGB24" else "L"
    for source in sources:
        assert same(read(await room.client.page(job)), source.convert(mode))
    assert await room.client.refused("RetrieveImage", job) == "ClientErrorNoImagesAvailable"
    assert (room.last.state, room.last.sent) == (JobState.COMPLETED, 3)


async def test_as_jpeg_in_part_and_smaller(room: Room) -> None:
    fill(room.folder, "1.png", size=(300, 600))
    region = "".join(
        f"<ScanRegion{local}>{value}</ScanRegion{local}>"
        for local, value in {"XOffset": 500, "YOffset": 1000, "Width": 500, "Height": 500}.items()
    )
    job, answer = await room.client.create(
        "<Format>jfif</Format>",
        f"<ScanRegion>{region}</ScanRegion><Resolution><Width>150</Width><Height>150</Height></Resolution>",
    )
    reply = await room.client.ask("RetrieveImage", job)
    image = await anext(reply.attachments)
    assert image.content_type == "image/jpeg"
    page = read(await image.read())
    assert (page.format, page.size) == ("JPEG", (75, 75))
    assert (say(answer, "PixelsPerLine"), say(answer, "NumberOfLines")) == ("75", "75")


async def test_a_sheet_larger_than_paper(tmp_path: Path) -> None:
    """Nothing is cut off by what the scanner said when the folder was another one."""
    room = Room(tmp_path, capabilities=Capabilities(50))
    async with room.world.host:
        (source,) = fill(tmp_path, "1.png", size=(800, 20))
        job, answer = await room.client.create()
        assert say(answer, "InputMediaSize", "Width") == say(answer, "InputMediaSize", "Height") == "16000"
        assert same(read(await room.client.page(job)), source)
        await room.client.http.aclose()


async def test_as_many_images_as_are_wanted(room: Room) -> None:
    fill(room.folder, "1.png", "2.png", "3.png")
    job, _ = await room.client.create("<ImagesToTransfer>2</ImagesToTransfer>")
    for _ in range(2):
        await room.client.page(job)
    assert await room.client.refused("RetrieveImage", job) == "ClientErrorNoImagesAvailable"
    assert room.last.sent == 2


async def test_the_folder_is_looked_at_for_each_job(room: Room) -> None:
    assert await room.client.refused("CreateScanJob") == "ClientErrorNoImagesAvailable"
    fill(room.folder, "1.png")
    first, _ = await room.client.create()
    (source,) = fill(room.folder, "0.png", mode="L")
    second, _ = await room.client.create(front="<ColorProcessing>Grayscale8</ColorProcessing>")
    assert same(read(await room.client.page(second)), source)
    assert same(read(await room.client.page(first)), read(room.folder / "1.png"))
    room.folder.joinpath("1.png").unlink()
    assert await room.client.refused("RetrieveImage", second) == "OperationFailed"
    assert (room.last.state, room.last.reason) == (JobState.ABORTED, "ImageTransferError")
    assert await room.client.refused("RetrieveImage", second) == "ClientErrorJobCancelled"


async def test_the_folder_is_gone(room: Room, caplog: pytest.LogCaptureFixture) -> None:
    """Who asks what the scanner can do hears that all the same."""
    room.folder.rmdir()
    assert await room.client.refused("CreateScanJob") == "ServerErrorNotAcceptingJobs"
    assert say(await room.client.elements("GetScannerElements", "wscn:ScannerConfiguration"), "FormatValue") == "png"
    assert "cannot be read" in caplog.text


async def test_an_image_that_is_broken(room: Room) -> None:
    fill(room.folder, "1.png", size=(100, 100), mode="RGB")
    octets = (room.folder / "1.png").read_bytes()
    (room.folder / "1.png").write_bytes(octets[: len(octets) // 2])
    job, _ = await room.client.create(front="<ColorProcessing>Grayscale8</ColorProcessing>")
    assert await room.client.refused("RetrieveImage", job) == "OperationFailed"


async def test_cancel(room: Room) -> None:
    fill(room.folder, "1.png", "2.png")
    job, _ = await room.client.create()
    await room.client.page(job)
    answer = (await room.client.ask("CancelJob", alone(job))).message
    assert str(answer.name) == f"{{{SCAN}}}CancelJobResponse"
    assert answer.headers.action == f"{SCAN}/CancelJobResponse"
    assert room.last.state is JobState.CANCELED
    assert await room.client.refused("RetrieveImage", job) == "ClientErrorJobCancelled"
    assert await room.client.refused("CancelJob", alone(job)) == "ClientErrorJobIdNotFound"


async def test_a_job_that_ends_while_its_page_is_made(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(room.folder, "1.png")
    job, _ = await room.client.create()
    rendered = room.service._rendered

    async def slowly(*arguments: Any) -> Any:
        file = await rendered(*arguments)
        room.service.jobs.cancel(1, next(iter(room.service.jobs)).client)
        return file

    monkeypatch.setattr(room.service, "_rendered", slowly)
    assert await room.client.refused("RetrieveImage", job) == "ClientErrorJobCancelled"


async def test_a_client_that_goes_amid_a_page(room: Room) -> None:
    """Its job ends, and the next client is served."""
    image = noise(size=(1500, 1500))
    image.save(room.folder / "1.png", compress_level=0)
    job, _ = await room.client.create()
    reply = await room.client.ask("RetrieveImage", job)
    reply.attachments.close()
    while next(iter(room.service.jobs), None) is not None:  # noqa: ASYNC110 - nothing tells
        await asyncio.sleep(0.01)
    assert (room.last.state, room.last.reason) == (JobState.ABORTED, "ImageTransferError")
    job, _ = await room.client.create()
    assert same(read(await room.client.page(job)), image)


async def test_a_client_that_does_not_come_back(room: Room) -> None:
    """Its job ends by itself."""
    fill(room.folder, "1.png", "2.png")
    job, _ = await room.client.create()
    await asyncio.sleep(SCAN_RETRIEVE_SECONDS - 1)
    await room.client.page(job)
    await asyncio.sleep(SCAN_RETRIEVE_SECONDS - 1)
    assert [each.state for each in room.service.jobs] == [JobState.PROCESSING]
    await asyncio.sleep(2)
    assert (room.last.state, room.last.reason) == (JobState.ABORTED, "JobTimedOut")


async def test_several_clients(room: Room) -> None:
    sources = fill(room.folder, *(f"{number}.png" for number in range(5)))
    others = [Client(room.world, room.service) for _ in range(3)]

    async def scan(client: Client) -> list[Image.Image]:
        job, _ = await client.create()
        return [read(await client.page(job)) for _ in sources]

    for pages in await asyncio.gather(*map(scan, others)):
        assert all(same(page, source) for page, source in zip(pages, sources, strict=True))
    for client in others:
        await client.http.aclose()


async def test_too_many_jobs(room: Room) -> None:
    fill(room.folder, "1.png")
    for _ in range(SCAN_JOBS_PER_CLIENT):
        await room.client.create()
    assert await room.client.refused("CreateScanJob") == "ServerErrorNotAcceptingJobs"


# --------------------------------------------------------------------------------------------------------- what it says


async def test_what_the_scanner_says(room: Room) -> None:
    names = ("wscn:ScannerDescription", "wscn:ScannerConfiguration", "wscn:ScannerStatus", "wscn:DefaultScanTicket")
    said = await room.client.elements("GetScannerElements", *names, "wscn:Nonsense", "wscn:ScannerStatus", "other")
    data = said[0]
    assert [(each.get(f"{{{SCAN}}}Name"), each.get(f"{{{SCAN}}}Valid")) for each in data] == [
        *((name, "true") for name in names),
        ("wscn:Nonsense", "false"),
        ("wscn:other", "false"),
    ]
    assert say(said, "ScannerName") == "Ours"
    assert [each.text for each in data.iter(f"{{{SCAN}}}FormatValue")] == ["png", "jfif"]
    assert [each.text for each in data.iter(f"{{{SCAN}}}ColorEntry")] == ["RGB24", "Grayscale8"]
    assert say(said, "ADFMaximumSize", "Width") == "8500"
    assert (say(said, "ScannerState"), say(said, "ScannerStateReason")) == ("Idle", "None")
    assert say(said, "DefaultScanTicket", "DocumentParameters", "InputSource") == "ADF"


async def test_its_default_ticket_can_be_used(room: Room) -> None:
    fill(room.folder, "1.png")
    said = await room.client.elements("GetScannerElements", "wscn:DefaultScanTicket")
    ticket = etree.tostring(said[0][0][0]).decode().replace("DefaultScanTicket", "ScanTicket")
    answer = (await room.client.ask("ValidateScanTicket", ticket)).message.body
    assert answer is not None
    assert (say(answer, "ValidTicket"), say(answer, "PixelsPerLine")) == ("true", str(WIDTH))
    assert say(answer, "ValidScanTicket", "JobDescription", "JobName") is None
    await room.client.ask("CreateScanJob", ticket)
    status = await room.client.elements("GetScannerElements", "wscn:ScannerStatus")
    assert say(status, "ScannerState") == "Processing"


async def test_a_ticket_that_is_not_valid(room: Room) -> None:
    ticket = "<ScanTicket><DocumentParameters><Format>xps</Format></DocumentParameters></ScanTicket>"
    answer = (await room.client.ask("ValidateScanTicket", ticket)).message.body
    assert answer is not None
    assert (say(answer, "ValidTicket"), say(answer, "PixelsPerLine")) == ("false", "0")
    assert say(answer, "ValidScanTicket", "DocumentParameters", "Format") == "png"
    empty = (await room.client.ask("ValidateScanTicket")).message.body
    assert empty is not None
    assert (say(empty, "ValidTicket"), say(empty, "PixelsPerLine")) == ("true", "0")
    assert await room.client.refused("CreateScanJob", ticket) == "ClientErrorFormatNotSupported"


async def test_what_was_replaced_is_said(room: Room) -> None:
    fill(room.folder, "1.png")
    _, answer = await room.client.create("<Format>png</Format><InputSource>Platen</InputSource>")
    final = answer.find(f"{{{SCAN}}}DocumentFinalParameters")
    assert final is not None
    marks = {etree.QName(each).localname: dict(each.attrib) for each in final}
    assert marks["Format"] == {}
    assert marks["InputSource"] == {f"{{{SCAN}}}Override": "true"}
    assert marks["ImagesToTransfer"] == {f"{{{SCAN}}}UsedDefault": "true"}


async def test_what_is_said_of_jobs(room: Room) -> None:
    fill(room.folder, "1.png")
    first, _ = await room.client.create()
    names = ("wscn:JobStatus", "wscn:ScanTicket", "wscn:Documents", "wscn:ScannerStatus")
    said = await room.client.elements("GetJobElements", *names, inner=alone(first))
    assert [each.get(f"{{{SCAN}}}Valid") for each in said[0]] == ["true", "true", "true", "false"]
    assert (say(said, "JobState"), say(said, "ScansCompleted")) == ("Pending", "0")
    assert say(said, "DocumentFinalParameters", "Format") == "png"
    assert say(said, "JobCompletedTime") is None
    active = (await room.client.ask("GetActiveJobs")).message.body
    assert active is not None
    assert say(active, "ActiveJobs", "JobSummary", "JobId") == "1"
    await room.client.page(first)
    said = await room.client.elements("GetJobElements", "wscn:JobStatus", inner=alone(first))
    assert (say(said, "JobState"), say(said, "ScansCompleted")) == ("Completed", "1")
    assert str(say(said, "JobCompletedTime")).endswith("Z")
    past = (await room.client.ask("GetJobHistory")).message.body
    active = (await room.client.ask("GetActiveJobs")).message.body
    assert past is not None
    assert active is not None
    assert (say(past, "JobHistory", "JobSummary", "JobId"), say(active, "JobId")) == ("1", None)
    assert "JobToken" not in etree.tostring(past).decode()


@pytest.mark.parametrize(
    ("operation", "inner", "name", "fault"),
    [
        ("GetScannerElements", "", "", "InvalidArgs"),
        ("GetScannerElements", "<RequestedElements/>", "", "InvalidArgs"),
        ("GetScannerElements", "<RequestedElements><Name>a b</Name></RequestedElements>", "", "InvalidArgs"),
        ("GetScannerElements", "<RequestedElements><Name>1</Name></RequestedElements>", "", "InvalidArgs"),
        ("GetScannerElements", "<RequestedElements><Name>x</Name></RequestedElements>", "CancelJob", "InvalidArgs"),
        ("CreateScanJob", "<ScanIdentifier>x</ScanIdentifier>", "", "ClientErrorInvalidScanIdentifier"),
        ("RetrieveImage", "", "", "InvalidArgs"),
        ("RetrieveImage", "<JobId>x</JobId>", "", "InvalidArgs"),
        ("RetrieveImage", "<JobId>7</JobId>", "", "ClientErrorJobIdNotFound"),
        ("RetrieveImage", "<JobId>1</JobId>", "", "ClientErrorInvalidJobToken"),
        ("RetrieveImage", "<JobId>1</JobId><JobToken>guess</JobToken>", "", "ClientErrorInvalidJobToken"),
        ("RetrieveImage", "<JobId>1</JobId><JobToken><x/></JobToken>", "", "InvalidArgs"),
        ("CancelJob", "<JobId>7</JobId>", "", "ClientErrorJobIdNotFound"),
        ("GetJobElements", "<JobId>7</JobId>", "", "ClientErrorJobIdNotFound"),
        ("GetJobElements", "<JobId>1</JobId>", "", "InvalidArgs"),
        ("PauseScanner", "", "", "ActionNotSupported"),
    ],
)
async def test_what_makes_no_sense(room: Room, operation: str, inner: str, name: str, fault: str) -> None:
    fill(room.folder, "1.png")
    await room.client.create()
    assert await room.client.refused(operation, inner, name) == fault
    assert [job.number for job in room.service.jobs] == [1]


async def test_no_body(room: Room) -> None:
    with pytest.raises(Faulted, match="InvalidArgs"):
        await room.client.endpoint.two_way(f"{SCAN}/GetScannerElements", None)


async def test_operations_may_be_called_as_the_reference_shows(room: Room) -> None:
    fill(room.folder, "1.png")
    await room.client.create()
    inner = "<JobId>1</JobId><RequestedElements><Name>JobStatus</Name></RequestedElements>"
    said = (await room.client.ask("GetJobElements", inner, "GetJobElements")).message.body
    assert said is not None
    assert say(said, "JobState") == "Pending"


# ----------------------------------------------------------------------------------------------------------- the device


def test_the_device() -> None:
    said = Scanner("Scanner of box").metadata("urn:uuid:1")
    assert said.device is not None
    assert said.model is not None
    assert said.device.friendly_name[0].text == "Scanner of box"
    (category,) = said.model.extensions
    assert (category.name.namespace, category.element().text) == (PNPX, "Scanners")
    assert said.relationships[0].host is not None
    assert said.relationships[0].host.types == (SCAN_DEVICE,)
    assert ScanService(Path()).types == (SCANNER_SERVICE,)
    assert this_scanner().name.startswith("Scanner of ")
    for name in (" ", "a\nb", "x" * 256):
        with pytest.raises(WbemError, match="cannot be the name of a scanner"):
            this_scanner(name)


async def test_it_is_found_by_its_type(tmp_path: Path) -> None:
    room = Room(tmp_path)
    world = World(services=[room.service], types=(SCAN_DEVICE,))
    async with world.host:
        (device,) = await world.find(types=[SCAN_DEVICE], timeout=3)
        said = await world.read(device)
        (hosted,) = said.relationships[0].hosted
        assert hosted.types == (SCANNER_SERVICE,)
        assert hosted.endpoints[0].address == world.host.url(room.service)
