"""For pytest: `pytest_plugins = "openwmi.testing.plugin"` in a conftest.py brings the fixture `wmi_server`.

A suite asks for it by name, and no plugin is found by itself: an entry point would load openwmi into every run of every
suite beside which it is installed, before anything measures what they cover.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from openwmi.testing.wmiserver import WmiServer


@pytest.fixture
def wmi_server() -> Iterator[Callable[..., WmiServer]]:
    """Makes servers that run until the test has ended: `server = wmi_server("class …", rows={…})`, as WmiServer."""
    with ExitStack() as running:

        def serve(*contents: object, **options: object) -> WmiServer:
            return running.enter_context(WmiServer(*contents, **options))  # type: ignore[arg-type]  # it says what it takes

        yield serve
