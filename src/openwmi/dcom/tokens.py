"""Threads for the steps of logins that may wait for another machine, such as a KDC: no connection waits for them.

A machine that does not answer holds a thread and one connection, and nothing else.
"""

from __future__ import annotations

from typing import Final

from openwmi.base import limits
from openwmi.operation import Workers

WORKERS: Final = Workers("openwmi-login", limits.LOGIN_THREADS)
