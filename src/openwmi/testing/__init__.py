"""What tests of openwmi, and of software that uses it or talks to WMI, stand on: a loop whose clock jumps, a network in
memory, a link whose datagrams may be lost, and a WMI server that holds what a test wants and fails when it is told to.
"""

from typing import TYPE_CHECKING

from openwmi.testing.clock import FakeClockLoop
from openwmi.testing.datagrams import MemoryLink, MemoryMachine, interface
from openwmi.testing.memory import MemoryNetwork, MemoryPort, MemoryTransport

if TYPE_CHECKING:
    from openwmi.testing.faults import Fault
    from openwmi.testing.wmiserver import WmiServer

__all__ = [
    "FakeClockLoop",
    "Fault",
    "MemoryLink",
    "MemoryMachine",
    "MemoryNetwork",
    "MemoryPort",
    "MemoryTransport",
    "WmiServer",
    "interface",
]

_MODULE_OF = {"Fault": "openwmi.testing.faults", "WmiServer": "openwmi.testing.wmiserver"}

if not TYPE_CHECKING:  # a type checker that saw this would take every misspelt name

    def __getattr__(name: str) -> object:
        """A name at its first use: who wants a clock need not load a server."""
        from importlib import import_module  # noqa: PLC0415 - not before a name is used

        module = _MODULE_OF.get(name)
        if module is None:
            raise AttributeError(f"module 'openwmi.testing' has no attribute {name!r}", name=name)
        value = globals()[name] = getattr(import_module(module), name)
        return value
