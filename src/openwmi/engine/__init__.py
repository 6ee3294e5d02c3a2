"""The object manager: classes and the providers behind them, in process.

It speaks CIM (classes, paths, statuses) and never hears of opnums, interface pointers or bytes.
"""

from openwmi.engine.access import Access
from openwmi.engine.engine import Engine
from openwmi.engine.provider import MethodCall, Provider, Request, Row, method
from openwmi.engine.registration import Registration, shipped_class

__all__ = ["Access", "Engine", "MethodCall", "Provider", "Registration", "Request", "Row", "method", "shipped_class"]
