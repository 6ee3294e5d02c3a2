"""A scanner of our own: the images of a folder are the sheets in its tray (WS-Scan, Microsoft's scan service of WSD).

    tray          the folder, and an image as it is asked for
    capabilities  what it can do, as data
    ticket        what a client asks for, and what of that it gets
    jobs          a machine of states: time and chance are passed in
    elements      what it says, as elements; refusals: the faults that WS-Scan has names for
    service       its operations; scanner: the device that it is on

Needs Pillow (the extra `scanner`). The reference is "WSD Scan Service" of Microsoft's documentation for drivers.
"""

from openwmi.wsd.scanner.capabilities import Capabilities
from openwmi.wsd.scanner.scanner import SCAN_DEVICE, Scanner, this_scanner
from openwmi.wsd.scanner.service import SCANNER_SERVICE, ScanService

__all__ = ["SCANNER_SERVICE", "SCAN_DEVICE", "Capabilities", "ScanService", "Scanner", "this_scanner"]
