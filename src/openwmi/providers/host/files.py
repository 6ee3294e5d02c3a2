"""The files in which a host describes itself, below a root: `/` of this machine, or a tree that is test data.

Reading is forgiving: what is not there or must not be read is None, since that is what becomes NULL. Who has to tell
"gone" from "forbidden" takes `load`, which raises. No CIM class is known here.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import BinaryIO

from openwmi.base.limits import HOST_FILE_OCTETS


class Files:
    """Files by their absolute paths on the host.

    Attributes:
        root: the folder that stands for `/`; empty for `/` itself, so that a path is one concatenation.
    """

    __slots__ = ("root",)

    def __init__(self, root: str = "/") -> None:
        self.root = root.rstrip("/")

    def load(self, path: str) -> bytes:
        """What is in a file. OSError.

        A short answer is the end of a file, but not in /proc, where it may be the end of a line.
        """
        file = os.open(self.root + path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)  # a pipe must not hang us
        try:
            found = os.read(file, _PAGE)
            if len(found) < _PAGE and not path.startswith("/proc/"):
                return found
            size = len(found)
            parts = [found]
            while (more := os.read(file, _CHUNK)) and size < HOST_FILE_OCTETS:
                parts.append(more)
                size += len(more)
        finally:
            os.close(file)
        return b"".join(parts)

    def stream(self, path: str) -> BinaryIO:
        """A file that may be large, opened to be read in parts. OSError, also for what is no ordinary file."""
        file = os.open(self.root + path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        if not stat.S_ISREG(os.fstat(file).st_mode):
            os.close(file)
            raise OSError(f"{path} is no file")
        return os.fdopen(file, "rb", buffering=0)

    def octets(self, path: str) -> bytes | None:
        """What is in a file, or None."""
        try:
            return self.load(path)
        except OSError:
            return None

    def read(self, path: str) -> str | None:
        """A file as text, without the end of its last line; octets that are not UTF-8 become U+FFFD."""
        found = self.octets(path)
        return None if found is None else found.decode("utf-8", "replace").rstrip("\n\0")

    def number(self, path: str, base: int = 10) -> int | None:
        """A file that holds one number; base 0 takes `0x1f`, too."""
        found = self.read(path)
        try:
            return None if found is None else int(found, base)
        except ValueError:
            return None

    def lines(self, path: str) -> list[str]:
        """Those of a text file; none where there is no file."""
        return (self.read(path) or "").splitlines()

    def fields(self, path: str, separator: str = ":") -> dict[str, str]:
        """A file of lines like `MemTotal:  16 kB`; of two with one name the first counts. Nothing without a file."""
        found: dict[str, str] = {}
        for line in self.lines(path):
            name, given, value = line.partition(separator)
            if given:
                found.setdefault(name.strip(), value.strip())
        return found

    def assignments(self, *paths: str) -> Mapping[str, str]:
        """The `NAME=value` lines of the first file that can be read, with a shell's quotes taken off; else nothing."""
        for path in paths:
            text = self.read(path)
            if text is not None:
                return dict(filter(None, map(_assignment, text.splitlines())))
        return {}

    def names(self, path: str) -> list[str]:
        """What is in a folder, by name; nothing where there is none, or it must not be read."""
        try:
            return sorted(os.listdir(self.root + path), key=_natural)  # noqa: PTH208 - names, and no Paths, are wanted
        except OSError:
            return []

    def count(self, path: str) -> int | None:
        """How many things are in a folder; None where there is none, or it must not be read."""
        try:
            return len(os.listdir(self.root + path))  # noqa: PTH208 - likewise
        except OSError:
            return None

    def exists(self, path: str) -> bool:
        """Whether there is something, at the end of the links."""
        return os.path.exists(self.root + path)  # noqa: PTH110 - a Path costs more than the question

    def is_dir(self, path: str) -> bool:
        return os.path.isdir(self.root + path)  # noqa: PTH112 - likewise

    def link(self, path: str) -> str | None:
        """Where a symbolic link leads, as it is written; None for what is no link or must not be read."""
        try:
            found = os.readlink(self.root + path)  # noqa: PTH115 - likewise
        except OSError:
            return None
        shown = os.fsencode(found.removeprefix(self.root) if self.root else found)
        return shown.decode("utf-8", "replace")

    def target(self, path: str) -> str | None:
        """The path at the end of all links, such as /sys/devices/… for /sys/class/net/eth0; None where nothing is."""
        try:
            found = os.path.realpath(self.root + path, strict=True)
        except OSError:
            return None
        root = os.path.realpath(self.root) if self.root else ""
        return found.removeprefix(root) or "/"

    def parent(self, path: str) -> str:
        """The folder that a path is in."""
        return str(PurePosixPath(path).parent)

    def status(self, path: str) -> os.stat_result:
        """stat(2). OSError. It may hang where the file system does: ask `Host.ask` to wait for it."""
        return os.stat(self.root + path)  # noqa: PTH116 - likewise


_PAGE = 4096
_CHUNK = 1 << 20


def _natural(name: str) -> list[tuple[int, str]]:
    """cpu2 before cpu10."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", name)]


def _assignment(line: str) -> tuple[str, str] | None:
    found = _ASSIGNMENT.fullmatch(line.strip())
    return (found[1], _ESCAPED.sub(r"\1", found[3])) if found else None


# Written for a shell (os-release(5)), so that inside of quotes these five characters have a backslash before them.
_ASSIGNMENT = re.compile(r"""(\w+)=(["']?)(.*)\2""")
_ESCAPED = re.compile(r"""\\(["'$`\\])""")
