"""The network: listening and connecting, and errors that say what to do about them.

It moves octets and knows no protocol.
"""

from openwmi.net.connector import connect, look_up
from openwmi.net.listener import Address, Listener, acknowledge, listen, parse_address

__all__ = ["Address", "Listener", "acknowledge", "connect", "listen", "look_up", "parse_address"]
