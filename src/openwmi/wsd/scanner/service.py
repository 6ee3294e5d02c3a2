"""The operations of WS-Scan, over a folder of images.

All eight that are required are there: the scanner's and the jobs' elements, tickets, jobs, images. Events are not.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Final

from openwmi.base.fault import RemoteProtocolError
from openwmi.base.limits import SCAN_PIECE_OCTETS, SCAN_THREADS
from openwmi.operation import Workers
from openwmi.soap import Include, Part, QName
from openwmi.soap.markup import Element, elements, resolve_qnames, text_of
from openwmi.soap.name import is_ncname
from openwmi.soap.namespaces import SCAN
from openwmi.wsd.attachments import Outbound
from openwmi.wsd.calling import Faulted
from openwmi.wsd.scanner import elements as said
from openwmi.wsd.scanner.capabilities import Capabilities, Size
from openwmi.wsd.scanner.jobs import Job, Jobs, check_going_on
from openwmi.wsd.scanner.refusals import Refusal, refused
from openwmi.wsd.scanner.ticket import Ticket, number_of, parse_ticket
from openwmi.wsd.scanner.tray import Rendering, Sheet, read_tray, render
from openwmi.wsd.service import Call, Service

log = logging.getLogger("openwmi.wsd")

SCANNER_SERVICE: Final = QName(SCAN, "ScannerServiceType")
# What of the scanner depends on the sheets in its tray: how large they may be.
DEPENDING: Final = frozenset({QName(SCAN, "ScannerConfiguration"), QName(SCAN, "DefaultScanTicket")})
SERVICE_ID: Final = "urn:openwmi:scanner"
CONTENT_TYPES: Final = {"png": "image/png", "jfif": "image/jpeg"}

Answering = Callable[[Call, Element], Awaitable[Part | None]]


class ScanService(Service):
    """A scanner with a feeder; the images of a folder are the sheets in it.

    Each job gets those that are there when it begins, and leaves them there.

    Args:
        folder: where the images are.
        name: what people call the scanner.
        capabilities: what it can do.
    """

    def __init__(self, folder: Path, *, name: str = "", capabilities: Capabilities | None = None) -> None:
        answering: dict[str, Answering] = {
            "GetScannerElements": self._get_scanner_elements,
            "CreateScanJob": self._create_scan_job,
            "RetrieveImage": self._retrieve_image,
            "CancelJob": self._cancel_job,
            "ValidateScanTicket": self._validate_scan_ticket,
            "GetJobElements": self._get_job_elements,
            "GetActiveJobs": self._get_active_jobs,
            "GetJobHistory": self._get_job_history,
        }
        actions = {f"{SCAN}/{name}": _guarded(name, handler) for name, handler in answering.items()}
        super().__init__(SERVICE_ID, types=(SCANNER_SERVICE,), actions=actions)
        self.folder = folder
        self.name = name
        self.capabilities = capabilities or Capabilities()
        self.jobs = Jobs(lambda: secrets.token_urlsafe(16), _wall, _tell)
        self._workers = Workers("openwmi-scanner", SCAN_THREADS)
        self._timer: asyncio.TimerHandle | None = None

    # The scanner.

    async def _get_scanner_elements(self, call: Call, body: Element) -> Part:
        self._expire()
        names = _requested(body)
        try:
            largest = self._largest(await self._tray() if DEPENDING.intersection(names) else ())
        except Faulted:
            largest = self._largest(())
        known: dict[str, Callable[[], Part]] = {
            "ScannerDescription": lambda: said.description(self.name, "The images of a folder."),
            "ScannerConfiguration": lambda: said.configuration(self.capabilities, largest),
            "ScannerStatus": lambda: said.status(_wall(), busy=any(self.jobs)),
            "DefaultScanTicket": lambda: said.scan_ticket(
                "DefaultScanTicket", parse_ticket(None, self.capabilities, largest)
            ),
        }
        return said.node("GetScannerElementsResponse", said.node("ScannerElements", *_answers(names, known)))

    async def _validate_scan_ticket(self, call: Call, body: Element) -> Part:
        sheets = await self._tray()
        given = next(elements(body, SCAN, "ScanTicket"), None)
        ticket = parse_ticket(given, self.capabilities, self._largest(sheets), lenient=True)
        valid = said.leaf("ValidTicket", ticket.is_as_asked)
        corrected = () if ticket.is_as_asked else (said.scan_ticket("ValidScanTicket", ticket),)
        information = self._information(ticket, sheets) if ticket.is_as_asked else said.image_information(0, 0)
        return said.node("ValidateScanTicketResponse", said.node("ValidationInfo", valid, information, *corrected))

    # Jobs.

    async def _create_scan_job(self, call: Call, body: Element) -> Part:
        if next(elements(body, SCAN, "ScanIdentifier"), None) is not None:
            raise refused(Refusal.INVALID_SCAN_IDENTIFIER)  # nobody presses a button here
        self._expire()
        self.jobs.check_room(call.peer.host)
        sheets = await self._tray()
        given = next(elements(body, SCAN, "ScanTicket"), None)
        ticket = parse_ticket(given, self.capabilities, self._largest(sheets))
        job = self.jobs.create(call.peer.host, ticket, sheets, self._now())
        self._expire()
        log.info("%s, %r: %d pages as %s", job, ticket.name, len(job.sheets), _summary(ticket))
        return said.node(
            "CreateScanJobResponse",
            said.leaf("JobId", job.number),
            said.leaf("JobToken", job.token),
            self._information(ticket, job.sheets),
            said.parameters("DocumentFinalParameters", ticket, final=True),
        )

    async def _retrieve_image(self, call: Call, body: Element) -> None:
        self._expire()
        token = next(elements(body, SCAN, "JobToken"), None)
        number = _job_number(body)
        job, sheet = self.jobs.take(number, "" if token is None else text_of(token), self._now())
        file = await self._rendered(job, sheet)
        try:
            check_going_on(job)  # it may have ended meanwhile
            image = Outbound(
                f"{uuid.uuid4()}@openwmi",
                lambda: self._sending(job, file),
                CONTENT_TYPES[job.ticket.format.value],
            )
            content = said.node("ScanData", Include(image.content_id))
            call.respond(said.node("RetrieveImageResponse", content), attachments=(image,))
        except BaseException:
            file.close()
            raise

    async def _cancel_job(self, call: Call, body: Element) -> Part:
        self._expire()
        self.jobs.cancel(_job_number(body), call.peer.host)
        return said.node("CancelJobResponse")

    async def _get_job_elements(self, call: Call, body: Element) -> Part:
        self._expire()
        job = self.jobs.find(_job_number(body))
        known: dict[str, Callable[[], Part]] = {
            "JobStatus": lambda: said.job_status(job),
            "ScanTicket": lambda: said.scan_ticket("ScanTicket", job.ticket),
            "Documents": lambda: said.documents(job),
        }
        return said.node("GetJobElementsResponse", said.node("JobElements", *_answers(_requested(body), known)))

    async def _get_active_jobs(self, call: Call, body: Element) -> Part:
        self._expire()
        return said.node("GetActiveJobsResponse", said.node("ActiveJobs", *map(said.job_summary, self.jobs)))

    async def _get_job_history(self, call: Call, body: Element) -> Part:
        self._expire()
        return said.node("GetJobHistoryResponse", said.node("JobHistory", *map(said.job_summary, self.jobs.past)))

    # The tray.

    async def _tray(self) -> tuple[Sheet, ...]:
        """What is in it now. Faulted where nobody can look."""
        try:
            return await self._workers.run(read_tray, self.folder)
        except OSError as error:
            log.warning("%s cannot be read: %s", self.folder, error)
            raise refused(Refusal.NOT_ACCEPTING_JOBS) from None

    def _largest(self, sheets: tuple[Sheet, ...]) -> Size:
        width = max((sheet.width for sheet in sheets), default=0)
        height = max((sheet.height for sheet in sheets), default=0)
        return self.capabilities.largest(self.capabilities.size(width, height))

    def _information(self, ticket: Ticket, sheets: tuple[Sheet, ...]) -> Part:
        """Of the first page; later ones may differ."""
        if not sheets:
            return said.image_information(0, 0)
        return said.image_information(*self._rendering(ticket).size(sheets[0]))

    def _rendering(self, ticket: Ticket) -> Rendering:
        optical, area = self.capabilities.optical, ticket.area
        across, down = ticket.resolution
        box = (
            area.x * optical // 1000,
            area.y * optical // 1000,
            -(-(area.x + area.width) * optical // 1000),
            -(-(area.y + area.height) * optical // 1000),
        )
        return Rendering(
            ticket.format.value, ticket.colour.value, ticket.quality.value, box, (across.value, down.value), optical
        )

    async def _rendered(self, job: Job, sheet: Sheet) -> IO[bytes]:
        """Faulted, and the job has failed, where it cannot be made."""
        try:
            return await self._workers.run(render, sheet, self._rendering(job.ticket))
        except Exception as error:  # noqa: BLE001 - a decoder's, of a file that is not what it seemed
            log.warning("%s cannot be scanned: %s", sheet.path, error)
            self.jobs.abort(job, "ImageTransferError")
            raise refused(Refusal.OPERATION_FAILED) from None

    async def _sending(self, job: Job, file: IO[bytes]) -> AsyncIterator[bytes]:
        """The octets of an image; when it is let go before they have ended, the client has gone."""
        whole = False
        self.jobs.begin(job)
        try:
            with file:
                while piece := await self._workers.run(file.read, SCAN_PIECE_OCTETS):
                    yield piece
            whole = True
        finally:
            self.jobs.finish(job, self._now(), whole=whole)
            self._expire()

    # Time.

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    def _expire(self) -> None:
        """Ends the jobs whose time is over, and comes back for the next one."""
        self.jobs.expire(self._now())
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self.jobs.until is not None:
            self._timer = asyncio.get_running_loop().call_at(self.jobs.until, self._expire)


def _guarded(operation: str, handler: Answering) -> Callable[[Call], Awaitable[Part | None]]:
    """Arguments that make no sense are a fault of the client's."""
    names = {QName(SCAN, f"{operation}Request"), QName(SCAN, operation)}  # the reference has both

    async def answer(call: Call) -> Part | None:
        body = call.message.body
        if body is None or call.message.name not in names:
            raise refused(Refusal.INVALID_ARGS)
        try:
            return await handler(call, body)
        except RemoteProtocolError:
            raise refused(Refusal.INVALID_ARGS) from None

    return answer


def _requested(body: Element) -> tuple[QName, ...]:
    """The names of what is asked for, each once. Faulted."""
    found = [
        name
        for asked in elements(body, SCAN, "RequestedElements")
        for element in elements(asked, SCAN, "Name")
        for name in resolve_qnames(element, 1)
    ]
    if not found or not all(is_ncname(name.local) for name in found):
        raise refused(Refusal.INVALID_ARGS, "RequestedElements")
    return tuple(dict.fromkeys(found))


def _answers(names: Iterable[QName], known: Mapping[str, Callable[[], Part]]) -> Iterator[Part]:
    for name in names:
        make = known.get(name.local) if name.namespace == SCAN else None
        yield said.element_data(name, None if make is None else make())


def _job_number(body: Element) -> int:
    number = number_of(body, "JobId")
    if number is None:
        raise refused(Refusal.INVALID_ARGS, "JobId")
    return number


def _summary(ticket: Ticket) -> str:
    across, down = ticket.resolution
    return f"{ticket.format.value}, {ticket.colour.value}, {across.value}x{down.value} dpi"


def _tell(job: Job) -> None:
    reason = "" if job.reason == "None" else f" ({job.reason})"
    log.info("%s is %s%s: %d of %d pages", job, job.state.lower(), reason, job.sent, len(job.sheets))


def _wall() -> datetime:
    return datetime.now(UTC)
