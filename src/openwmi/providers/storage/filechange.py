"""What the methods of CIM_DataFile do to a file, and what they return: the codes of the page of CIM_LogicalFile."""

from __future__ import annotations

import errno
import os
import shutil
import stat

from openwmi.providers.host import Host

SUCCESS, ACCESS_DENIED, FAILED, INVALID_OBJECT, EXISTS = 0, 2, 8, 9, 10
OTHER_DRIVE, SHARING_VIOLATION, INVALID_PARAMETER = 13, 15, 21

_CODES = {
    errno.EACCES: ACCESS_DENIED,
    errno.EPERM: ACCESS_DENIED,
    errno.EROFS: ACCESS_DENIED,
    errno.EEXIST: EXISTS,
    errno.EXDEV: OTHER_DRIVE,
    errno.EBUSY: SHARING_VIOLATION,
    errno.ETXTBSY: SHARING_VIOLATION,
    errno.ENOENT: INVALID_PARAMETER,
    errno.ENOTDIR: INVALID_PARAMETER,
    errno.ENAMETOOLONG: INVALID_PARAMETER,
}


def is_path(name: str) -> bool:
    """Whether it is the one spelling of a path: from the root, with nothing empty, `.` or `..` between slashes."""
    if name == "/":
        return True
    try:
        name.encode()
    except UnicodeEncodeError:
        return False  # half of a pair of UTF-16, which no name has
    parts = name.split("/")
    return len(parts) > 1 and not parts[0] and "\0" not in name and not {"", ".", ".."} & set(parts[1:])


def delete(host: Host, path: str) -> int:
    """Takes the name away -> return code."""
    try:
        os.unlink(host.root + path)  # noqa: PTH108 - root is a text
    except OSError as error:
        return _CODES.get(error.errno or 0, FAILED)
    return SUCCESS


def rename(host: Host, path: str, to: object) -> int:
    """Gives another name, by linking and unlinking, which writes over nothing -> return code."""
    if not isinstance(to, str) or not is_path(to):
        return INVALID_PARAMETER
    old, new = host.root + path, host.root + to
    try:
        try:
            os.link(old, new, follow_symlinks=False)
        except (FileExistsError, FileNotFoundError):
            raise
        except OSError as error:
            if error.errno == errno.EXDEV:
                raise
            return _rename_unlinked(old, new)
        os.unlink(old)  # noqa: PTH108 - likewise
    except OSError as error:
        return _CODES.get(error.errno or 0, FAILED)
    return SUCCESS


def _rename_unlinked(old: str, new: str) -> int:
    """Where the file system has no hard links, as FAT, or the kernel forbids this one."""
    if os.path.lexists(new):
        return EXISTS
    os.rename(old, new)  # noqa: PTH104 - likewise
    return SUCCESS


def copy(host: Host, path: str, to: object) -> int:
    """Copies what is in a regular file, with its mode, into a new one -> return code."""
    if not isinstance(to, str) or not is_path(to):
        return INVALID_PARAMETER
    old, new = host.root + path, host.root + to
    try:
        if not stat.S_ISREG(os.stat(old).st_mode):  # noqa: PTH116 - likewise
            return INVALID_OBJECT
        with open(old, "rb") as source:  # noqa: PTH123 - likewise
            mode = stat.S_IMODE(os.fstat(source.fileno()).st_mode) & 0o777
            with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode), "wb") as target:
                try:
                    shutil.copyfileobj(source, target, 1 << 20)
                    target.flush()
                except OSError:
                    os.unlink(new)  # noqa: PTH108 - it is ours, and only a part
                    raise
    except OSError as error:
        return _CODES.get(error.errno or 0, FAILED)
    return SUCCESS
