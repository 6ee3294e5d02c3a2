"""Every test here runs under the fake clock: no test waits for real time."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from tests.engine.storing import KINDS, Place

from openwmi.testing import FakeClockLoop


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"fake-clock": FakeClockLoop}


@pytest.fixture
def end_of_test() -> Iterator[threading.Event]:
    """For providers that hang: their threads must not outlive the test, since the fake clock waits for busy ones."""
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture(params=KINDS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """A repository of each kind."""
    return Place(request.param, tmp_path)
