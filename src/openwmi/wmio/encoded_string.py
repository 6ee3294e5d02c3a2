"""Encoded-String ([MS-WMIO] 2.2.78): a flag octet, the characters, and a terminating NUL.

Text of U+0000-U+00FF travels as one octet per character (flag 0), all other text as UTF-16LE (flag 1). This module
knows nothing of heaps and references.
"""

from openwmi.base.fault import RemoteProtocolError


def encode(text: str) -> bytes:
    """Text -> octets. The text ends at its first NUL, as it does for everyone who reads it."""
    if "\0" in text:
        text = text[: text.index("\0")]
    try:
        return b"\0" + text.encode("latin-1") + b"\0"
    except UnicodeEncodeError:
        # Half of a surrogate pair is a legal string on Windows (a file name may have it), so it passes both ways.
        return b"\1" + text.encode("utf-16-le", "surrogatepass") + b"\0\0"


def decode(data: bytes, offset: int, end: int) -> tuple[str, int]:
    """The text at `offset`, and the offset behind its terminator, which lies before `end`."""
    stop = _stop(data, offset, end)
    if data[offset] == 0:
        return data[offset + 1 : stop].decode("latin-1"), stop + 1
    return data[offset + 1 : stop].decode("utf-16-le", "surrogatepass"), stop + 2


def skip(data: bytes, offset: int, end: int) -> int:
    """The offset behind the string at `offset`; errors as for `decode`, which cannot fail thereafter."""
    return _stop(data, offset, end) + 1 + data[offset]


def _stop(data: bytes, offset: int, end: int) -> int:
    """The offset of the terminator."""
    if not 0 <= offset < end <= len(data):
        raise RemoteProtocolError(f"no string at offset {offset}: the range ends at {end}")
    start = offset + 1
    if data[offset] == 0:
        stop = data.find(0, start, end)
    elif data[offset] == 1:
        stop = data.find(b"\0\0", start, end)
        while stop >= 0 and (stop - start) % 2:  # a high octet and the next low one: no terminator
            stop = data.find(b"\0\0", stop + 1, end)
    else:
        raise RemoteProtocolError(f"string flag {data[offset]:#x} at offset {offset}: 0 or 1 expected")
    if stop < 0:
        raise RemoteProtocolError(f"the string at offset {offset} has no end before offset {end}")
    return stop
