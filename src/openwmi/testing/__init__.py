"""What tests of openwmi, and of software that uses it, stand on: a loop whose clock jumps."""

from openwmi.testing.clock import FakeClockLoop

__all__ = ["FakeClockLoop"]
