"""Win32_Printer of this host: the printers of CUPS, if it is there. Page win32-printer.

Who may not read the file of CUPS sees no printers, and a warning says so.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator

from openwmi.engine.provider import Request
from openwmi.providers.reading import HostProvider, Null, Reads, Table, always
from openwmi.providers.sharing.cups import Description, Printer, printers

log = logging.getLogger("openwmi.providers")

_QUEUED, _DEFAULT, _SHARED, _NETWORK, _LOCAL = 1, 4, 8, 16, 64
_IDLE, _PRINTING, _STOPPED, _PAUSED = 3, 4, 6, 8
_COLOR, _DUPLEX = 2, 3


def _attributes(of: Printer) -> int:
    """Bits, as the page numbers them."""
    place = _NETWORK if of.is_network else _LOCAL
    return _QUEUED | place | (_DEFAULT if of.is_default else 0) | (_SHARED if of.is_shared else 0)


def _extended_status(of: Printer) -> int | None:
    """Paused is what somebody has stopped; CUPS gives that as a reason."""
    return _PAUSED if of.given.get("Reason") == "paused" else _STATES.get(of.state)


def _of_ppd(part: Callable[[Description], object]) -> Callable[[Printer], object]:
    return lambda of: None if of.description is None else part(of.description)


def _capabilities(of: Description) -> tuple[int, ...]:
    found = [(of.is_color, _COLOR), (of.is_duplex, _DUPLEX)]
    return tuple(number for is_so, number in found if is_so)


def _sheet(of: Printer) -> str | None:
    """The one before each job."""
    first = of.given.get("JobSheets", "").split(" ")[0]
    return first if first not in {"", "none"} else None


_STATES = {"Idle": _IDLE, "Processing": _PRINTING, "Stopped": _STOPPED}
_FILE = "/etc/cups/printers.conf"
_PPD = "; NULL without a PPD that says it"
_UNSAID = Null("CUPS does not keep it in its files")
_OF_WINDOWS = Null("it is of the spooler of Windows")
_OF_DEVICE = Null("the file of CUPS does not say it of the device")

TABLE: Table[Printer] = {
    "Caption": Reads("as Name", lambda of: of.name),
    "Description": Reads(f"{_FILE} Info", lambda of: of.given.get("Info")),
    "InstallDate": _UNSAID,
    "Name": Reads(f"{_FILE}, the name of the queue", lambda of: of.name),
    "Status": Reads(
        f"{_FILE} State: OK, or Degraded for one that is stopped",
        lambda of: None if of.state not in _STATES else "Degraded" if of.state == "Stopped" else "OK",
    ),
    "Availability": _OF_DEVICE,
    "ConfigManagerErrorCode": _OF_WINDOWS,
    "ConfigManagerUserConfig": _OF_WINDOWS,
    "CreationClassName": always("Win32_Printer"),
    "DeviceID": Reads("as Name", lambda of: of.name),
    "PowerManagementCapabilities": _OF_DEVICE,
    "ErrorCleared": _OF_DEVICE,
    "ErrorDescription": Reads(f"{_FILE} StateMessage", lambda of: of.given.get("StateMessage")),
    "LastErrorCode": _OF_DEVICE,
    "PNPDeviceID": _OF_WINDOWS,
    "PowerManagementSupported": _OF_DEVICE,
    "StatusInfo": _OF_DEVICE,
    "SystemCreationClassName": always("Win32_ComputerSystem"),
    "SystemName": Reads("uname(2) nodename", lambda of: of.host.kernel.node),
    "AvailableJobSheets": _UNSAID,
    "Capabilities": Reads(f"the PPD's ColorDevice and Duplex{_PPD}", _of_ppd(_capabilities)),
    "CapabilityDescriptions": Null("Capabilities has none that is Other"),
    "CharSetsSupported": _OF_DEVICE,
    "CurrentCapabilities": _OF_DEVICE,
    "CurrentCharSet": _OF_DEVICE,
    "CurrentLanguage": _OF_DEVICE,
    "CurrentMimeType": _OF_DEVICE,
    "CurrentNaturalLanguage": _OF_DEVICE,
    "CurrentPaperType": _OF_DEVICE,
    "DefaultCapabilities": _OF_DEVICE,
    "DefaultCopies": _UNSAID,
    "DefaultLanguage": _OF_DEVICE,
    "DefaultMimeType": _OF_DEVICE,
    "DefaultNumberUp": _UNSAID,
    "DefaultPaperType": _OF_DEVICE,
    "DetectedErrorState": _OF_DEVICE,
    "ErrorInformation": _OF_DEVICE,
    "HorizontalResolution": Reads(
        f"the PPD's DefaultResolution{_PPD}", _of_ppd(lambda of: of.resolution[0] if of.resolution else None)
    ),
    "JobCountSinceLastReset": _UNSAID,
    "LanguagesSupported": _OF_DEVICE,
    "MarkingTechnology": _OF_DEVICE,
    "MaxCopies": _OF_DEVICE,
    "MaxNumberUp": _OF_DEVICE,
    "MaxSizeSupported": _OF_DEVICE,
    "MimeTypesSupported": _OF_DEVICE,
    "NaturalLanguagesSupported": _OF_DEVICE,
    "PaperSizesSupported": Null("see PrinterPaperNames"),
    "PaperTypesAvailable": _OF_DEVICE,
    "PrinterStatus": Reads(f"{_FILE} State: Idle, Printing or Stopped Printing", lambda of: _STATES.get(of.state)),
    "TimeOfLastReset": _OF_DEVICE,
    "VerticalResolution": Reads(
        f"the PPD's DefaultResolution{_PPD}", _of_ppd(lambda of: of.resolution[1] if of.resolution else None)
    ),
    "Attributes": Reads("Queued, Default, Shared, Network and Local, as bits", _attributes),
    "AveragePagesPerMinute": Reads(f"the PPD's Throughput{_PPD}", _of_ppd(lambda of: of.pages_per_minute)),
    "Comment": Reads(f"{_FILE} Info", lambda of: of.given.get("Info")),
    "Default": Reads(f"{_FILE} DefaultPrinter", lambda of: of.is_default),
    "DefaultPriority": _UNSAID,
    "Direct": always(False),
    "DoCompleteFirst": _OF_WINDOWS,
    "DriverName": Reads(f"{_FILE} MakeModel", lambda of: of.given.get("MakeModel")),
    "EnableBIDI": _OF_WINDOWS,
    "EnableDevQueryPrint": _OF_WINDOWS,
    "ExtendedDetectedErrorState": _OF_DEVICE,
    "ExtendedPrinterStatus": Reads(f"{_FILE} State, and its Reason for Paused", _extended_status),
    "Hidden": always(False),
    "KeepPrintedJobs": _UNSAID,
    "Local": Reads("not Network", lambda of: not of.is_network),
    "Location": Reads(f"{_FILE} Location", lambda of: of.given.get("Location")),
    "Network": Reads(f"{_FILE} DeviceURI: its scheme is of no port of the machine", lambda of: of.is_network),
    "Parameters": _OF_WINDOWS,
    "PortName": Reads(f"{_FILE} DeviceURI, without account and password", lambda of: of.address or None),
    "PrinterPaperNames": Reads(f"the PPD's PageSize{_PPD}", _of_ppd(lambda of: of.papers)),
    "PrinterState": Null("see PrinterStatus, which has followed it"),
    "PrintJobDataType": _OF_WINDOWS,
    "PrintProcessor": _OF_WINDOWS,
    "Priority": _OF_WINDOWS,
    "Published": _OF_WINDOWS,
    "Queued": always(True),
    "RawOnly": _OF_WINDOWS,
    "SeparatorFile": Reads(f"{_FILE} JobSheets, the first; NULL for none", _sheet),
    "ServerName": Null("the queues are this computer's"),
    "Shared": Reads(f"{_FILE} Shared", lambda of: of.is_shared),
    "ShareName": Reads("as Name; NULL for one that is not shared", lambda of: of.name if of.is_shared else None),
    "SpoolEnabled": always(True),
    "StartTime": _OF_WINDOWS,
    "UntilTime": _OF_WINDOWS,
    "WorkOffline": _OF_WINDOWS,
}


class PrinterProvider(HostProvider[Printer]):
    """The queues of CUPS."""

    cim_class = "Win32_Printer"
    table = TABLE

    def samples(self, request: Request) -> Iterator[Printer]:  # noqa: ARG002 - as of any provider
        try:
            yield from printers(self.host)
        except OSError as error:
            log.warning("Win32_Printer: %s", error)
