"""Whether the log of changes beside a repository (`-wal`; sqlite.org/fileformat2.html#walformat) has lost some of them.

SQLite takes the log to end where its octets are not what was written. That is right for the last change, at which the
power may have failed; but a change that another one follows was on the disk once, and somebody was told so.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO

_HEADER = struct.Struct(">8I")  # magic, version, octets of a page, generation, two salts, two sums
_FRAME = struct.Struct(">6I")  # page, pages after a commit or 0, two salts, two sums
_MAGIC = 0x377F0682  # its last bit says in which order of octets the sums were made
_STRANGERS = 8


def is_cut(file: Path, frames: int) -> bool:
    """Whether changes that were on the disk lie behind octets that were not written so.

    Args:
        frames: how many SQLite takes the log to have.
    """
    try:
        with file.with_name(file.name + "-wal").open("rb") as log:
            head = log.read(_HEADER.size)
            if len(head) < _HEADER.size or not log.read(1):
                return False
            magic, _, page, _, *salts = _HEADER.unpack(head)
            if magic & ~1 != _MAGIC or _sum(magic, head[:24], (0, 0)) != tuple(salts[2:]):
                return True
            return _is_cut(log, _Log(magic, page, (salts[0], salts[1]), (salts[2], salts[3])), frames)
    except OSError:
        return False


class _Log:
    """What the head of a log says."""

    def __init__(self, magic: int, page: int, salts: tuple[int, int], sums: tuple[int, int]) -> None:
        self.magic = magic
        self.frame = _FRAME.size + page
        self.salts = salts
        self.sums = sums


def _is_cut(log: BinaryIO, known: _Log, frames: int) -> bool:
    sums: tuple[int, ...] = known.sums
    if frames > 0:
        log.seek(_HEADER.size + (frames - 1) * known.frame)
        head = log.read(_FRAME.size)
        if len(head) < _FRAME.size:
            return True
        sums = _FRAME.unpack(head)[4:]
    at = _HEADER.size + frames * known.frame
    return _commits(log, known, at) > 1 and _is_broken(log, known, at, sums)


def _commits(log: BinaryIO, known: _Log, at: int) -> int:
    """How many changes end behind that place, as far as their octets say what they were."""
    found = strangers = 0
    while strangers < _STRANGERS:
        log.seek(at)
        head = log.read(_FRAME.size)
        if len(head) < _FRAME.size:
            break
        _, pages, *rest = _FRAME.unpack(head)
        if tuple(rest[:2]) == known.salts:
            found += pages > 0
            strangers = 0
        else:
            strangers += 1
        at += known.frame
    return found


def _is_broken(log: BinaryIO, known: _Log, at: int, sums: tuple[int, ...]) -> bool:
    """Whether the change that begins there is not as it was written; one that is was written after SQLite looked."""
    log.seek(at)
    while len(frame := log.read(known.frame)) == known.frame:
        _, pages, *rest = _FRAME.unpack_from(frame)
        sums = _sum(known.magic, frame[_FRAME.size :], _sum(known.magic, frame[:8], sums))
        if tuple(rest[:2]) != known.salts or sums != tuple(rest[2:]):
            return True
        if pages:
            return False
    return False


def _sum(magic: int, octets: bytes, start: tuple[int, ...]) -> tuple[int, int]:
    order = ">" if magic & 1 else "<"
    first, second = start
    for even, odd in struct.iter_unpack(f"{order}2I", octets):
        first = (first + even + second) & 0xFFFFFFFF
        second = (second + odd + first) & 0xFFFFFFFF
    return first, second
