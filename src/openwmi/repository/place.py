"""Where the user's repository is, unless somebody says so."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

FILE: Final = "repository.db"


def default_repository() -> Path:
    """$OPENWMI_REPOSITORY; in systemd's $STATE_DIRECTORY for a service; else in the platform's folder for data."""
    named = os.environ.get("OPENWMI_REPOSITORY")
    if named:
        return Path(named)
    state = os.environ.get("STATE_DIRECTORY", "").split(":")[0]  # several are separated by colons
    if state:
        return Path(state, FILE)
    from platformdirs import user_data_path  # noqa: PLC0415 - who says where it is need not pay for it

    return user_data_path("openwmi", appauthor=False) / FILE
