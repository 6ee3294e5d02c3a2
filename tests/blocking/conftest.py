"""A runner of its own for each test, in place of the process's; here the clock is real, and nothing waits for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from openwmi.blocking import runner as runner_module
from openwmi.blocking.runner import Runner


@pytest.fixture
def own() -> Iterator[Runner]:
    """Closed behind the test."""
    made = Runner()
    runner_module._OWN.append(made)
    yield made
    runner_module._OWN.remove(made)
    made.close(0)
