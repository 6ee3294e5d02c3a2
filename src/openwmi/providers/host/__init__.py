"""The host that providers read: files below a root, and strategies for what is no file.

Interfaces, addresses and routes are in `host.routing`, which costs more to load than all the rest.
"""

from openwmi.providers.host.bus import Bus, BusError, RecordedBus, SilentBusError
from openwmi.providers.host.host import Host, Space, text
from openwmi.providers.host.kernel import Kernel
from openwmi.providers.host.patience import Answer, SilentError

__all__ = [
    "Answer",
    "Bus",
    "BusError",
    "Host",
    "Kernel",
    "RecordedBus",
    "SilentBusError",
    "SilentError",
    "Space",
    "text",
]
