"""What tests of openwmi, and of software that uses it, stand on: a loop whose clock jumps, a network in memory."""

from openwmi.testing.clock import FakeClockLoop
from openwmi.testing.memory import MemoryNetwork, MemoryPort, MemoryTransport

__all__ = ["FakeClockLoop", "MemoryNetwork", "MemoryPort", "MemoryTransport"]
