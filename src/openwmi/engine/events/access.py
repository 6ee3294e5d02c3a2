"""Who may see an event ([MS-WMI] 3.1.6.1 and 5.2).

Descriptors are not read yet. Until they are, an event that carries one is for the owner of this process alone: nobody
sees what it may have been meant to keep from them.
"""

from __future__ import annotations

from openwmi.model import CimInstance


def may_see(event: CimInstance, principal: str) -> bool:
    """Whether the caller that subscribed may have the event; an empty principal is the owner of this process."""
    return not principal or event["SECURITY_DESCRIPTOR"] is None
