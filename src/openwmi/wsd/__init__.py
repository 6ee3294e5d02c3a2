"""Web Services for Devices: finding devices on the links of this machine, and being found.

    messages     what discovery says, in either profile
    matching     which devices a Probe means: types, and the rules for scopes
    target       a device's side of discovery; client: the other side. State machines: time and chance are passed in
    outbox       delays and copies; guard: what keeps a device from being used against others
    device       what a client knows of a device
    addresses    where devices listen, and which of their addresses to trust

Needs lxml and h11 (the extra `wsd`). It knows nothing of CIM.
"""

from openwmi.wsd.addresses import usable_xaddrs
from openwmi.wsd.client import Client, Search
from openwmi.wsd.device import Device, Event, Found, Gone, Updated
from openwmi.wsd.matching import Rule
from openwmi.wsd.target import Announced, Target

__all__ = [
    "Announced",
    "Client",
    "Device",
    "Event",
    "Found",
    "Gone",
    "Rule",
    "Search",
    "Target",
    "Updated",
    "usable_xaddrs",
]
