"""MOF from files: what is compiled, and what it includes, each relative to the file that names it."""

from __future__ import annotations

from pathlib import Path

from openwmi.base.error import WbemError
from openwmi.base.status import MofStatus
from openwmi.model import ChangeFlag
from openwmi.session.verbs import MofText


def read_mof(
    mof: str | Path,
    class_flags: ChangeFlag = ChangeFlag.CREATE_OR_UPDATE,
    instance_flags: ChangeFlag = ChangeFlag.CREATE_OR_UPDATE,
) -> MofText:
    """A text as it is, or that of a file, UTF-8 or UTF-16 with a byte order mark. INVALID_FILE."""
    if isinstance(mof, str):
        return MofText(mof, class_flags=class_flags, instance_flags=instance_flags)
    try:
        text = _read(mof)
    except OSError as error:
        raise WbemError(MofStatus.INVALID_FILE, f"{mof} cannot be read: {error.strerror}") from None
    except UnicodeError as error:
        raise WbemError(MofStatus.INVALID_FILE, f"{mof} is no text in UTF-8 or UTF-16: {error}") from None
    return MofText(text, str(mof), _include, class_flags, instance_flags)


def _include(named: str, where: str) -> tuple[str, str]:
    # Windows' slashes are those of most MOF files.
    file = Path(where).parent / named.replace("\\", "/")
    return str(file), _read(file)


def _read(file: Path) -> str:
    octets = file.read_bytes()
    if octets.startswith((b"\xff\xfe", b"\xfe\xff")):
        return octets.decode("utf-16")
    return octets.decode("utf-8-sig")
