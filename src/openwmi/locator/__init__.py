"""The front door: connects to a namespace, of this machine in process (IWbemLocator::ConnectServer in WMI's words).

It is a floor of its own because it picks between the ends below it, and no module named `connect` because that would
hide the function.
"""

from openwmi.locator.connection import Connection, connect, local_engine, local_namespace, named_machine, this_host
from openwmi.locator.remote import RESOLVER_PORT, Remote
from openwmi.repository import default_repository

__all__ = [
    "RESOLVER_PORT",
    "Connection",
    "Remote",
    "connect",
    "default_repository",
    "local_engine",
    "local_namespace",
    "named_machine",
    "this_host",
]
