"""The front door: connects to a namespace, of this machine in process. (IWbemLocator::ConnectServer is WMI's word for it.)

It is a floor of its own because it picks between the ends below it, and no module named `connect` because that would
hide the function.
"""

from openwmi.locator.connection import Connection, connect

__all__ = ["Connection", "connect"]
