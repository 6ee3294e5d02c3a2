"""DictionaryReference ([MS-WMIO] 2.2.80): a reference with the top bit set names one of eleven well-known words."""

from openwmi.base.case import fold
from openwmi.base.fault import RemoteProtocolError

NULL = 0xFFFFFFFF
FLAG = 0x80000000

# impacket and aiowmi have another word for entry 2; the document says that it is the empty string.
WORDS = ('"', "key", "", "read", "write", "volatile", "provider", "dynamic", "cimwin32", "DWORD", "CIMTYPE")
_REFERENCES = {word: FLAG | index for index, word in enumerate(WORDS)}
_SPELLINGS = {fold(word): word for word in WORDS}


def encode(word: str) -> int | None:
    """The reference for a word of the dictionary in exactly this spelling; None for any other."""
    return _REFERENCES.get(word)


def usual(word: str) -> str:
    """A word of the dictionary as it is spelled there, whatever the case it is given in; any other word as it is."""
    return _SPELLINGS.get(fold(word), word)


def decode(reference: int) -> str:
    """The word behind a reference whose top bit is set."""
    index = reference & ~FLAG
    if index >= len(WORDS):
        raise RemoteProtocolError(f"dictionary reference {reference:#010x}: there are {len(WORDS)} words")
    return WORDS[index]
