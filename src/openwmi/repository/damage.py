"""What messages call the repository, and what they say when it is not what was written, or cannot be."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Final

from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus

REPAIR: Final = "see `openwmi repository check`, and restore a backup if it finds damage"

_NO_ROOM: Final = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def damaged(file: Path | None, what: str) -> WbemError:
    """CRITICAL_ERROR: `what` in the repository is not what was once written."""
    return WbemError(WbemStatus.CRITICAL_ERROR, f"{named(file)} is damaged, {what}: {REPAIR}")


def unwritable(file: Path, error: OSError) -> WbemError:
    """What an operation on the file, its folder or its lock has failed with: OUT_OF_DISK_SPACE or ACCESS_DENIED."""
    if error.errno in _NO_ROOM:
        return WbemError(
            WbemStatus.OUT_OF_DISK_SPACE, f"{named(file)} cannot grow ({error.strerror}): make room on its disk"
        )
    return WbemError(
        WbemStatus.ACCESS_DENIED,
        f"{named(file)} cannot be written: {error.strerror}: name another with --repository, or look at the rights",
    )


def named(file: Path | None) -> str:
    """How messages call it."""
    return "the repository" if file is None else f"the repository {file}"
