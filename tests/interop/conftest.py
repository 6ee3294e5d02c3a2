"""What the tests with other people's clients share: one `openwmi serve` for all of them."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from tests.interop import serving

# By hand, with a checkout of somebody else's tests; each of them has its equivalent among ours.
collect_ignore = [] if os.environ.get("OPENWMI_IMPACKET") else ["test_interop_theirs.py"]


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[serving.Command]:
    """A running `openwmi serve`."""
    with serving.command(tmp_path_factory.mktemp("served")) as command:
        yield command


@pytest.fixture
def port(served: serving.Command) -> int:
    """Where it listens on 127.0.0.1."""
    return served.address.port
