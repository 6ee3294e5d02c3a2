"""What messages call the repository, and what they say when it is not what was written."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus

REPAIR: Final = "see `openwmi repository check`, and restore a backup if it finds damage"


def damaged(file: Path | None, what: str) -> WbemError:
    """CRITICAL_ERROR: `what` in the repository is not what was once written."""
    return WbemError(WbemStatus.CRITICAL_ERROR, f"{named(file)} is damaged, {what}: {REPAIR}")


def named(file: Path | None) -> str:
    """How messages call it."""
    return "the repository" if file is None else f"the repository {file}"
