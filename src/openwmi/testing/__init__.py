"""What tests of openwmi, and of software that uses it, stand on: a loop whose clock jumps, a network in memory,
and a link whose datagrams may be lost.
"""

from openwmi.testing.clock import FakeClockLoop
from openwmi.testing.datagrams import MemoryLink, MemoryMachine, interface
from openwmi.testing.memory import MemoryNetwork, MemoryPort, MemoryTransport

__all__ = [
    "FakeClockLoop",
    "MemoryLink",
    "MemoryMachine",
    "MemoryNetwork",
    "MemoryPort",
    "MemoryTransport",
    "interface",
]
