"""A package, as its manager knows it: dpkg, rpm or apk."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

INSTALLED = 5
BROKEN = -6
"""InstallState: "Installed" and "Bad Configuration"."""


@dataclass(frozen=True, slots=True)
class Package:
    """See the module; an empty text is one that the manager does not have.

    Attributes:
        identity: what tells it from all others that are installed: with its architecture, where there may be several.
        version: as the manager compares it, with epoch and revision.
        vendor: who made it.
        summary: one line about it.
        homepage: where it is described.
        state: INSTALLED or BROKEN.
        installed: when, as a POSIX time stamp; None where nobody noted it.
    """

    identity: str
    name: str
    version: str
    vendor: str
    summary: str
    homepage: str
    state: int
    installed: Callable[[], float | None]


def unknown() -> None:
    """The time of a package whose manager does not note it."""
