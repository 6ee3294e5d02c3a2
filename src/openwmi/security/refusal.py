"""Why a login failed. The peer never learns which: wrong password and unknown user look alike."""

from __future__ import annotations

from typing import ClassVar

from openwmi.base.error import AccessDenied
from openwmi.base.status import WbemStatus


class LoginRefused(AccessDenied):
    """The message is for the server's log: who, from where, why; no secret is in it."""

    default_status: ClassVar[WbemStatus] = WbemStatus.ACCESS_DENIED
