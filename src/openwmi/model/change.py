"""How a class or an instance is written: the flags of a put ([MS-WMI] 2.2.6, WBEM_CHANGE_FLAG_TYPE)."""

from __future__ import annotations

from enum import IntFlag


class ChangeFlag(IntFlag):
    """Whether it has to exist before, and for classes what an update may do; the values are the wire's.

    Without UPDATE_ONLY and CREATE_ONLY it is created or updated. Without a mode (COMPATIBLE) a class is updated only
    where neither derived classes nor instances can come into conflict with what it was.
    """

    CREATE_OR_UPDATE = 0x00
    UPDATE_ONLY = 0x01
    CREATE_ONLY = 0x02
    UPDATE_SAFE_MODE = 0x20
    UPDATE_FORCE_MODE = 0x40
