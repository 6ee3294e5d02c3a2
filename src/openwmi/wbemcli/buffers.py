"""Texts that C++ has in a buffer of its caller's: their lengths go in and come out, and the buffer is no parameter."""

from __future__ import annotations

from openwmi.wbemcli.statuses import WBEM_E_BUFFER_TOO_SMALL, WBEM_S_NO_ERROR


def length(text: str) -> int:
    """The characters of UTF-16 that a text takes, with its terminating null character."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2 + 1


def handed_out(text: str, given: int | None) -> tuple[int, int, str | None]:
    """(hresult, length, text) for a caller whose buffer holds so many characters.

    0 asks for the length alone, which C++ does with a buffer that is NULL; None is a buffer that is large enough.
    BUFFER_TOO_SMALL comes with the length that is needed.
    """
    needed = length(text)
    if given == 0:
        return WBEM_S_NO_ERROR, needed, None
    if given is not None and given < needed:
        return WBEM_E_BUFFER_TOO_SMALL, needed, None
    return WBEM_S_NO_ERROR, needed, text
