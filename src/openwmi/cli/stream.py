"""Standard output: what it can show, how wide it is, and what it means when it cannot be written to."""

from __future__ import annotations

import os
import shutil
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TextIO


class ClosedPipe(Exception):  # noqa: N818 - not a failure
    """Whoever read standard output has gone."""


class CannotWrite(Exception):  # noqa: N818 - it is what happened
    """Standard output takes nothing: its disk is full, or it was closed."""


class Out:
    """A text stream that shows every text somehow.

    Attributes:
        is_terminal: whether a person looks at it.
        knows_unicode: whether each character can be shown; where not, one is shown as its escape, `\\xe9`.
    """

    def __init__(self, stream: TextIO | None) -> None:
        if stream is None:
            raise CannotWrite("standard output is closed: give the rows somewhere to go")
        self._stream = stream
        self._encoding = stream.encoding or "ascii"
        self.is_terminal = stream.isatty()
        self.knows_unicode = self._can_show("\u2026\U0001f600")

    @property
    def width(self) -> int | None:
        """The columns of the terminal; None where there is none."""
        return shutil.get_terminal_size().columns if self.is_terminal else None

    @property
    def ellipsis(self) -> str:
        """What stands for the rest of a text, one column wide."""
        return "\u2026" if self._can_show("\u2026") else "~"

    def write(self, text: str) -> None:
        """ClosedPipe, CannotWrite."""
        with self._translated():
            self._stream.write(self.showable(text))

    def showable(self, text: str) -> str:
        """The text as it will stand there: with escapes for what the stream's encoding does not have."""
        if self._can_show(text):
            return text
        return text.encode(self._encoding, "backslashreplace").decode(self._encoding)

    def flush(self) -> None:
        """So that whoever reads sees what there is. ClosedPipe, CannotWrite."""
        with self._translated():
            self._stream.flush()

    @contextmanager
    def reader_watched(self, gone: Callable[[], object]) -> Iterator[None]:
        """Inside, on the loop, `gone` is called when whoever reads a pipe goes: the next write may be far away."""
        from asyncio import get_running_loop  # noqa: PLC0415 - help is printed without

        loop = get_running_loop()
        try:
            pipe = self._stream.fileno()
            if not stat.S_ISFIFO(os.fstat(pipe).st_mode):
                raise OSError
            loop.add_reader(pipe, gone)  # nothing can be read there: it is the end that is told of
        except (OSError, ValueError, NotImplementedError):
            yield  # no pipe, no file at all, or a loop that cannot say
            return
        try:
            yield
        finally:
            loop.remove_reader(pipe)

    def _can_show(self, text: str) -> bool:
        try:
            text.encode(self._encoding)
        except UnicodeEncodeError:
            return False
        return True

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except BrokenPipeError:
            self._forget()
            raise ClosedPipe from None
        except OSError as error:
            self._forget()
            raise CannotWrite(f"standard output cannot be written to: {error.strerror or error}") from None

    def _forget(self) -> None:
        """Python would fail once more with what is left in the buffer when it flushes at exit."""
        with suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)


def standard_output() -> Out:
    """CannotWrite where it is closed."""
    return Out(sys.stdout)
