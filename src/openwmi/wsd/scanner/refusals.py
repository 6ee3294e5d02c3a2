"""The faults that WS-Scan has names for ("WSD Scan Service Operation Error Reporting"), with the reasons it gives."""

from __future__ import annotations

from enum import Enum

from openwmi.soap import Fragment, QName, SoapFault
from openwmi.soap.namespaces import SCAN
from openwmi.soap.writer import escape
from openwmi.wsd.calling import Faulted


class Refusal(Enum):
    """Why an operation is not carried out: the name, whose fault it is, and the reason."""

    INVALID_ARGS = ("InvalidArgs", "Sender", "At least one input argument is invalid.")
    OPERATION_FAILED = ("OperationFailed", "Receiver", "The service can't perform the requested operation.")
    TEMPORARY_ERROR = ("ServerErrorTemporaryError", "Receiver", "The service had an unexpected error.")
    NOT_ACCEPTING_JOBS = (
        "ServerErrorNotAcceptingJobs",
        "Receiver",
        "The service is temporarily blocked and cannot accept new job or document requests.",
    )
    FORMAT_NOT_SUPPORTED = (
        "ClientErrorFormatNotSupported",
        "Sender",
        "The Document Format parameter value is not supported.",
    )
    NO_IMAGES_AVAILABLE = (
        "ClientErrorNoImagesAvailable",
        "Sender",
        "The server has no images available to acquire.",
    )
    JOB_ID_NOT_FOUND = ("ClientErrorJobIdNotFound", "Sender", "The specified JobId was not found.")
    INVALID_JOB_TOKEN = (
        "ClientErrorInvalidJobToken",
        "Sender",
        "The JobToken parameter value is not valid with the JobId parameter.",
    )
    JOB_CANCELED = ("ClientErrorJobCancelled", "Sender", "The current scan job has been canceled.")
    INVALID_SCAN_IDENTIFIER = (
        "ClientErrorInvalidScanIdentifier",
        "Sender",
        "The ScanIdentifier parameter value is not currently valid.",
    )


def refused(refusal: Refusal, argument: str = "", value: str = "") -> Faulted:
    """To be raised. The detail, where there is one, is the argument, with the value that it had."""
    local, code, reason = refusal.value
    detail: tuple[Fragment, ...] = ()
    if argument:
        text = f'<wscn:{argument} xmlns:wscn="{SCAN}">{escape(value[:256])}</wscn:{argument}>'
        detail = (Fragment.parse(text),)
    return Faulted.of(SoapFault(code, QName(SCAN, local), reason, detail), "the scanner")
