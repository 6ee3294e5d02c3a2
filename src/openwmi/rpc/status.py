"""Status codes of fault PDUs ([C706] appendix N, [MS-RPCE] 3.3.3.5). An HRESULT may stand in their place."""

from __future__ import annotations

from enum import IntEnum


class FaultStatus(IntEnum):
    """The statuses that a server sends of its own accord."""

    ACCESS_DENIED = 0x00000005
    PROTOCOL_ERROR_WIN32 = 0x000006C0  # RPC_S_PROTOCOL_ERROR: too many security contexts
    BAD_STUB_DATA = 0x000006F7
    SEC_PKG_ERROR = 0x00000721
    CANCELLED = 0x1C00000D
    REMOTE_NO_MEMORY = 0x1C00001B
    OP_RANGE_ERROR = 0x1C010002
    UNKNOWN_INTERFACE = 0x1C010003
    PROTOCOL_ERROR = 0x1C01000B
    SERVER_TOO_BUSY = 0x1C010014
    UNSUPPORTED_TYPE = 0x1C010017


NEVER_SENT = frozenset(
    {
        0x00000000,  # ERROR_SUCCESS
        0x80000001,  # STATUS_GUARD_PAGE_VIOLATION
        0x80000002,  # STATUS_DATATYPE_MISALIGNMENT
        0x80000003,  # STATUS_BREAKPOINT
        0xC0000005,  # STATUS_ACCESS_VIOLATION
        0xC0000006,  # STATUS_IN_PAGE_ERROR
        0xC000001D,  # STATUS_ILLEGAL_INSTRUCTION
        0xC0000096,  # STATUS_PRIVILEGED_INSTRUCTION
        0xC00000AA,  # STATUS_INSTRUCTION_MISALIGNMENT
        0xC00000FD,  # STATUS_STACK_OVERFLOW
        0xC0000194,  # STATUS_POSSIBLE_DEADLOCK
        0xC0000235,  # STATUS_HANDLE_NOT_CLOSABLE
        0xC0000409,  # STATUS_STACK_BUFFER_OVERRUN
        0xC0000420,  # STATUS_ASSERTION_FAILURE
    }
)
"""What a server must not put into a fault, since a client may take it for a crash ([MS-RPCE] 3.3.3.5.1)."""
