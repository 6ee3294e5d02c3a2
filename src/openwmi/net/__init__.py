"""The network: listening and connecting, and errors that say what to do about them.

It moves octets and knows no protocol.
"""

from openwmi.net.connector import connect, look_up
from openwmi.net.listener import Address, Listener, acknowledge, listen, listen_at, parse_address
from openwmi.net.loop import loop_factory
from openwmi.net.unix import UnixListener, connect_unix, listen_unix

__all__ = [
    "Address",
    "Listener",
    "UnixListener",
    "acknowledge",
    "connect",
    "connect_unix",
    "listen",
    "listen_at",
    "listen_unix",
    "look_up",
    "loop_factory",
    "parse_address",
]
