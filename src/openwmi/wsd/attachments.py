"""What travels beside an envelope: octets of any length, each with a name by which the envelope refers to it."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Callable
from dataclasses import dataclass

Source = bytes | Callable[[], AsyncIterable[bytes]]


@dataclass(frozen=True, slots=True)
class Outbound:
    """One that is sent.

    Attributes:
        content_id: its name in the envelope, `cid:` taken away; one word, such as `image@example.org`.
        source: its octets, or what gives them out in pieces: it is asked once for each time that they are sent.
        content_type: what they are.
    """

    content_id: str
    source: Source
    content_type: str = "application/octet-stream"

    async def pieces(self) -> AsyncIterator[bytes]:
        """Its octets."""
        if isinstance(self.source, bytes):
            yield self.source
            return
        async for piece in self.source():
            yield piece


class Attachments:
    """Those of a message that came, by their names."""

    __slots__ = ()

    def __len__(self) -> int:
        return 0


NONE = Attachments()
