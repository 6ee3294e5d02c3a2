"""The event loop: uvloop's where there is one."""

from __future__ import annotations

import asyncio
import sys
from types import ModuleType

import pytest

from openwmi.net import loop_factory


def test_uvloop_is_used_where_it_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("uvloop")
    module.new_event_loop = asyncio.SelectorEventLoop  # type: ignore[attr-defined]  # as much of it as is used
    monkeypatch.setitem(sys.modules, "uvloop", module)
    assert loop_factory() is asyncio.SelectorEventLoop


def test_asyncio_s_own_is_used_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvloop", None)
    factory = loop_factory()
    assert factory is None
    with asyncio.Runner(loop_factory=factory) as runner:
        assert runner.run(asyncio.sleep(0, "it runs")) == "it runs"
