"""A server over TCP that is looked at, healthy or not."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from openwmi.client import Credentials
from openwmi.client.doctor import Finding, Visit, examine
from openwmi.net import Address
from openwmi.testing import WmiServer

SECRET = "Tulip-Sixty-Four"
USER, PASSWORD = r"PALACE\gardener", "Passw0rd"
SYSTEM = f"""
class Win32_OperatingSystem {{ [key] string Name; string CSName; uint32 BuildNumber; }};
instance of Win32_OperatingSystem {{ Name = "{SECRET}"; CSName = "{SECRET}2"; BuildNumber = 424242; }};
"""


@contextmanager
def served(*contents: Any, **options: Any) -> Iterator[WmiServer]:
    """A server with an operating system, and whatever else is wanted."""
    with WmiServer(SYSTEM, *contents, users={USER: PASSWORD}, **options) as server:
        yield server


def visit_to(server: WmiServer, **how: Any) -> Visit:
    """One that has not begun; without callbacks, which need a resolver at port 135."""
    credentials = Credentials(how.pop("user", USER), how.pop("password", PASSWORD))
    return Visit(Address(server.host, server.port), credentials, **{"callbacks": "never", **how})


def looked_at(server: WmiServer, **how: Any) -> dict[str, Finding]:
    """What each check finds."""
    return found(visit_to(server, **how))


def found(visit: Visit) -> dict[str, Finding]:
    return {each.check: each for each in asyncio.run(examine(visit))}
