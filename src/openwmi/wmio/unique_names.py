"""Whether a name is given twice: names compare without regard to case ([MS-WMI] 2.2.1)."""

from __future__ import annotations

from array import array
from itertools import pairwise

from openwmi.base.case import fold
from openwmi.base.fault import RemoteProtocolError


class UniqueNames:
    """The names of the properties or methods of a class. Of each only a hash is kept, in eight octets, since a peer can
    send many; of 64 bits, and other ones in every process, so that nobody meets two names with the same one.
    """

    __slots__ = ("_hashes",)

    def __init__(self) -> None:
        self._hashes = array("q")

    def add(self, name: str) -> None:
        self._hashes.append(hash(fold(name)))

    def check(self, what: str) -> None:
        """RemoteProtocolError if two are equal."""
        if any(one == other for one, other in pairwise(sorted(self._hashes))):
            raise RemoteProtocolError(f"a class declares a {what} twice")
