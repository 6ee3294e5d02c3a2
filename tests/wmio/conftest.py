"""What is made for one class is made as soon as a few instances came, however small they are."""

import pytest

from openwmi.base import limits


@pytest.fixture(autouse=True)
def plans_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "WMIO_PLAN_PRICE", 0)
