"""The network: listening and connecting, and errors that say what to do about them.

It moves octets and knows no protocol.
"""

from openwmi.net.connector import connect
from openwmi.net.listener import Address, Listener, acknowledge, listen, parse_address

__all__ = ["Address", "Listener", "acknowledge", "connect", "listen", "parse_address"]
