"""All checks, in the order in which they are carried out: whatever one needs stands before it."""

from __future__ import annotations

from typing import Final

from openwmi.client.doctor.check import Check
from openwmi.client.doctor.checks import (
    activation,
    callbacks,
    interfaces,
    levels,
    login,
    name,
    namespace,
    objects,
    port,
    provider,
    resolver,
    results,
    rights,
    smart,
    speed,
    statuses,
)

CHECKS: Final[tuple[Check, ...]] = (
    name.CHECK,
    port.CHECK,
    resolver.CHECK,
    login.CHECK,
    activation.CHECK,
    objects.CHECK,
    levels.CHECK,
    namespace.CHECK,
    rights.CHECK,
    provider.CHECK,
    smart.CHECK,
    results.CHECK,
    interfaces.CHECK,
    statuses.CHECK,
    callbacks.CHECK,
    speed.CHECK,
)
