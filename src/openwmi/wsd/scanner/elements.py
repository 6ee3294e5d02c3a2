"""What the scanner says, as elements of WS-Scan, in the order of the reference's examples."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from openwmi.soap import QName
from openwmi.soap.namespaces import SCAN
from openwmi.wsd.scanner.capabilities import (
    COLOURS,
    CONTENT,
    FORMATS,
    HIGHEST_QUALITY,
    LOWEST_QUALITY,
    SMALLEST,
    Capabilities,
    Size,
)

if TYPE_CHECKING:
    from openwmi.soap import Part, Writer
    from openwmi.wsd.scanner.jobs import Job
    from openwmi.wsd.scanner.ticket import Chosen, Ticket


@dataclass(frozen=True, slots=True)
class Node:
    """An element of WS-Scan: a text, or what is in it.

    Attributes:
        attributes: in the namespace of WS-Scan, too.
        named: a further one, `Name`, whose value is a qualified name.
    """

    local: str
    content: str | tuple[Part, ...] = ()
    attributes: tuple[tuple[str, str], ...] = ()
    named: QName | None = None

    def format(self, writer: Writer) -> None:
        """As a Part of a message."""
        attributes = {writer.name(SCAN, local): value for local, value in self.attributes}
        if self.named is not None:
            attributes[writer.name(SCAN, "Name")] = writer.name(*self.named)
        if isinstance(self.content, str):
            writer.text(SCAN, self.local, self.content, attributes)
            return
        writer.open(SCAN, self.local, attributes)
        for each in self.content:
            each.format(writer)
        writer.close(SCAN, self.local)


def node(local: str, *content: Part) -> Node:
    """One that holds others."""
    return Node(local, content)


def leaf(local: str, value: object) -> Node:
    """One that holds a text, a number or a truth."""
    return Node(local, str(value).lower() if isinstance(value, bool) else str(value))


def element_data(name: QName, content: Part | None) -> Node:
    """The answer to one of several questions; without a content the question made no sense."""
    valid = "false" if content is None else "true"
    return Node("ElementData", () if content is None else (content,), (("Valid", valid),), name)


def description(name: str, information: str) -> Node:
    """ScannerDescription."""
    return node("ScannerDescription", leaf("ScannerName", name), leaf("ScannerInfo", information))


def configuration(capabilities: Capabilities, largest: Size) -> Node:
    """ScannerConfiguration: a feeder, and nothing else."""
    optical, resolutions = capabilities.optical, capabilities.resolutions
    front = node(
        "ADFFront",
        _size("ADFOpticalResolution", optical, optical),
        node("ADFResolutions", _leaves("Widths", "Width", resolutions), _leaves("Heights", "Height", resolutions)),
        _leaves("ADFColor", "ColorEntry", COLOURS),
        _size("ADFMinimumSize", SMALLEST, SMALLEST),
        _size("ADFMaximumSize", *largest),
    )
    settings = node(
        "DeviceSettings",
        _leaves("FormatsSupported", "FormatValue", FORMATS),
        _range("CompressionQualityFactorSupported", LOWEST_QUALITY, HIGHEST_QUALITY),
        _leaves("ContentTypesSupported", "ContentTypeValue", (CONTENT,)),
        leaf("DocumentSizeAutoDetectSupported", True),
        leaf("AutoExposureSupported", False),
        leaf("BrightnessSupported", False),
        leaf("ContrastSupported", False),
        node("ScalingRangeSupported", _range("ScalingWidth", 100, 100), _range("ScalingHeight", 100, 100)),
        _leaves("RotationsSupported", "RotationValue", (0,)),
    )
    return node("ScannerConfiguration", settings, node("ADF", leaf("ADFSupportsDuplex", False), front))


def status(now: datetime, *, busy: bool) -> Node:
    """ScannerStatus."""
    return node(
        "ScannerStatus",
        leaf("ScannerCurrentTime", _time(now)),
        leaf("ScannerState", "Processing" if busy else "Idle"),
        _leaves("ScannerStateReasons", "ScannerStateReason", ("None",)),
    )


def scan_ticket(local: str, ticket: Ticket) -> Node:
    """ScanTicket, DefaultScanTicket or ValidScanTicket."""
    described = node(
        "JobDescription",
        leaf("JobName", ticket.name),
        leaf("JobOriginatingUserName", ticket.user),
        leaf("JobInformation", ticket.information),
    )
    return node(local, described, parameters("DocumentParameters", ticket, final=False))


def parameters(local: str, ticket: Ticket, *, final: bool) -> Node:
    """DocumentParameters, or those that were used in the end, which say how they came to be."""

    def chosen(name: str, value: Chosen[str] | Chosen[int]) -> Node:
        return Node(name, str(value.value), ((value.why, "true"),) if final and value.why else ())

    x, y, width, height = ticket.region
    front = node(
        "MediaFront",
        node(
            "ScanRegion",
            chosen("ScanRegionXOffset", x),
            chosen("ScanRegionYOffset", y),
            chosen("ScanRegionWidth", width),
            chosen("ScanRegionHeight", height),
        ),
        chosen("ColorProcessing", ticket.colour),
        node("Resolution", chosen("Width", ticket.resolution[0]), chosen("Height", ticket.resolution[1])),
    )
    return node(
        local,
        chosen("Format", ticket.format),
        chosen("CompressionQualityFactor", ticket.quality),
        chosen("ImagesToTransfer", ticket.images),
        chosen("InputSource", ticket.source),
        chosen("ContentType", ticket.content),
        node(
            "InputSize",
            node("InputMediaSize", chosen("Width", ticket.size[0]), chosen("Height", ticket.size[1])),
        ),
        node("Scaling", leaf("ScalingWidth", 100), leaf("ScalingHeight", 100)),
        leaf("Rotation", 0),
        node("MediaSides", front),
    )


def image_information(width: int, height: int) -> Node:
    """ImageInformation, in pixels. Lines have no length of octets, since all formats are compressed."""
    pixels = (leaf("PixelsPerLine", width), leaf("NumberOfLines", height), leaf("BytesPerLine", 0))
    return node("ImageInformation", node("MediaFrontImageInfo", *pixels))


def job_status(job: Job) -> Node:
    """JobStatus."""
    ended = () if job.ended is None else (leaf("JobCompletedTime", _time(job.ended)),)
    return node(
        "JobStatus",
        leaf("JobId", job.number),
        leaf("JobState", job.state),
        _leaves("JobStateReasons", "JobStateReason", (job.reason,)),
        leaf("ScansCompleted", job.sent),
        leaf("JobCreatedTime", _time(job.created)),
        *ended,
    )


def job_summary(job: Job) -> Node:
    """JobSummary."""
    return node(
        "JobSummary",
        leaf("JobId", job.number),
        leaf("JobName", job.ticket.name),
        leaf("JobOriginatingUserName", job.ticket.user),
        leaf("JobState", job.state),
        _leaves("JobStateReasons", "JobStateReason", (job.reason,)),
        leaf("ScansCompleted", job.sent),
    )


def documents(job: Job) -> Node:
    """Documents: what is being made of the sheets."""
    return node("Documents", parameters("DocumentFinalParameters", job.ticket, final=True))


def _leaves(local: str, each: str, values: Iterable[object]) -> Node:
    return Node(local, tuple(leaf(each, value) for value in values))


def _size(local: str, width: int, height: int) -> Node:
    return node(local, leaf("Width", width), leaf("Height", height))


def _range(local: str, least: int, most: int) -> Node:
    return node(local, leaf("MinValue", least), leaf("MaxValue", most))


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
