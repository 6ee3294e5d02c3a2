"""The tests of HTTP run under the fake clock, over a network in memory; the others are about real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

import pytest

from openwmi.testing import FakeClockLoop


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    if item.path.name in {"test_net_http_client.py", "test_net_http_kept.py", "test_net_http_server.py"}:
        return {"fake-clock": FakeClockLoop}
    return {"clock": asyncio.new_event_loop}
