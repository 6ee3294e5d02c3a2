"""MOF from files: what is compiled, and what it includes, each relative to the file that names it."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from openwmi.base.error import WbemError
from openwmi.base.limits import MOF_TEXT_OCTETS
from openwmi.base.status import MofStatus, WbemStatus
from openwmi.model import ChangeFlag
from openwmi.session.verbs import MofText


def read_mof(
    mof: str | Path,
    class_flags: ChangeFlag = ChangeFlag.CREATE_OR_UPDATE,
    instance_flags: ChangeFlag = ChangeFlag.CREATE_OR_UPDATE,
) -> MofText:
    """A text as it is, or that of a file, UTF-8 or UTF-16 with a byte order mark.

    Raises:
        WbemError: INVALID_FILE for what is no file or no text; QUOTA_VIOLATION for more than MOF_TEXT_OCTETS. An
            include that cannot be read raises the same, or OSError or UnicodeError.
    """
    if isinstance(mof, str):
        return MofText(mof, class_flags=class_flags, instance_flags=instance_flags)
    files = _Files()
    try:
        text = files.read(mof)
    except OSError as error:
        raise WbemError(MofStatus.INVALID_FILE, f"{mof} cannot be read: {error.strerror}") from None
    except UnicodeError as error:
        raise WbemError(MofStatus.INVALID_FILE, f"{mof} is no text in UTF-8 or UTF-16: {error}") from None
    return MofText(text, str(mof), files.include, class_flags, instance_flags)


def decode_mof(octets: bytes) -> str:
    """The text of a file: UTF-16 where it begins with a byte order mark of that, else UTF-8. UnicodeError."""
    if octets.startswith((b"\xff\xfe", b"\xfe\xff")):
        return octets.decode("utf-16")
    return octets.decode("utf-8-sig")


class _Files:
    """The files of one compilation, which have room for so many octets together."""

    def __init__(self) -> None:
        self._left = MOF_TEXT_OCTETS

    def include(self, named: str, where: str) -> tuple[str, str]:
        # Windows' slashes are those of most MOF files.
        file = Path(where).parent / named.replace("\\", "/")
        return str(file), self.read(file)

    def read(self, file: Path) -> str:
        # A device may have no end, and a pipe nobody who writes. What it is, is asked of what was opened.
        with open(file, "rb", opener=_open_at_once) as opened:
            if not stat.S_ISREG(os.fstat(opened.fileno()).st_mode):
                raise WbemError(MofStatus.INVALID_FILE, f"{file} is no regular file")
            octets = opened.read(self._left + 1)
        self._left -= len(octets)
        if self._left < 0:
            problem = f"{file} cannot be read: all files of a compilation have {MOF_TEXT_OCTETS} octets at most"
            raise WbemError(WbemStatus.QUOTA_VIOLATION, problem)
        return decode_mof(octets)


def _open_at_once(file: str, flags: int) -> int:
    """Without waiting for the other end of a pipe. Windows has no such pipes among its files."""
    return os.open(file, flags | getattr(os, "O_NONBLOCK", 0))
