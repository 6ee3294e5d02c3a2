"""One file or folder as its file system tells of it, and several of them in few questions, since any may hang."""

from __future__ import annotations

import logging
import stat
from collections.abc import Sequence
from functools import partial
from os import stat_result
from typing import NamedTuple

from openwmi.providers.host import Answer, Host, SilentError, text
from openwmi.providers.reading import GoneError
from openwmi.providers.storage.mounts import Mounts

log = logging.getLogger("openwmi.providers")

LOCAL_SECONDS = 60.0
"""How long the disks of this machine may take to list a folder."""


class Facts(NamedTuple):
    """What a file system says of a file: stat(2), and when it was made, if it noted that and somebody wants it."""

    status: stat_result
    born: float | None


class File:
    """A file or a folder, which is asked when somebody reads.

    Args:
        path: as it can be opened.
        facts: if they are known already.
        dated: whether somebody wants to know when it was made.
    """

    def __init__(
        self, host: Host, mounts: Mounts, path: str, facts: Facts | None = None, *, dated: bool = True
    ) -> None:
        self.host = host
        self.mounts = mounts
        self.path = path
        self.name = text(path)
        self._facts = facts
        self._dated = dated
        self._answer: Answer[Facts] | None = None

    def begin(self) -> None:
        """Asks, and does not wait."""
        if self._facts is None and self._answer is None:
            look = partial(_look, self.host, dated=self._dated)
            self._answer = self.host.ask(partial(look, self.path), f"{_WORDS[self._dated]} of {self.name}")

    @property
    def facts(self) -> Facts:
        """GoneError where there is nothing; SilentError; OSError."""
        if self._facts is None:
            self.begin()
            assert self._answer is not None
            try:
                self._facts = self._answer.get()
            except (FileNotFoundError, NotADirectoryError):
                raise GoneError from None
        return self._facts

    @property
    def status(self) -> stat_result:
        return self.facts.status

    @property
    def is_mounted(self) -> bool:
        """Whether all of a file system is seen there: it is a folder, and nobody has to be asked."""
        mount = self.mounts.at.get(self.path)
        return mount is not None and mount.is_whole

    @property
    def is_known(self) -> bool:
        """Whether it is known what it is."""
        return self._facts is not None or self.is_mounted

    @property
    def is_folder(self) -> bool:
        """SilentError; OSError; GoneError."""
        return self.is_mounted or stat.S_ISDIR(self.status.st_mode)

    @property
    def folder(self) -> str:
        """Path: `/etc/`."""
        return self.name[: self.name.rfind("/") + 1]

    @property
    def parts(self) -> tuple[str, str]:
        return split(self.name.rpartition("/")[2])


def split(name: str) -> tuple[str, str]:
    """FileName and Extension. An extension is never empty, so that the name can be put together again."""
    stem, point, extension = name.rpartition(".")
    return (stem, extension) if point and extension and stem.strip(".") else (name, "")


def looked_at(
    host: Host, mounts: Mounts, folder: str, names: Sequence[str], class_name: str, *, dated: bool
) -> list[File]:
    """The files in a folder that are there: one question for each file system that may hang, one for all others.

    Those on a file system that does not answer have no facts; a warning names the class.
    """
    groups: dict[str, list[str]] = {}
    folder_far, prefix = mounts.far(folder), folder.rstrip("/") + "/"
    paths = [prefix + name for name in names]
    for path in paths:
        far = folder_far
        if far is None and (path in mounts.at or host.link(path) is not None):
            far = mounts.far(path)
        groups.setdefault("" if far is None else far.point, []).append(path)
    look = partial(_look_at_all, host, dated=dated)
    asked = [
        (group, host.ask(partial(look, group), _words(group, _WORDS[dated]), None if point else LOCAL_SECONDS))
        for point, group in groups.items()
    ]
    facts: dict[str, Facts | None] = {}
    for group, answer in asked:
        try:
            facts.update(answer.get())
        except SilentError as error:
            log.warning("%s: %s: left out, if it is not mounted", class_name, error)
            facts.update(dict.fromkeys(group))
    return [File(host, mounts, path, facts[path]) for path in paths if path in facts]


def _look(host: Host, path: str, *, dated: bool) -> Facts:
    return Facts(host.status(path), host.birth_time(path) if dated else None)


def _look_at_all(host: Host, paths: list[str], *, dated: bool) -> dict[str, Facts | None]:
    """Of each that is there."""
    found: dict[str, Facts | None] = {}
    for path in paths:
        try:
            found[path] = _look(host, path, dated=dated)
        except OSError:
            continue
    return found


def _words(paths: list[str], asked: str) -> str:
    """For a question; no two of the same words are about other files."""
    if len(paths) == 1:
        return f"{asked} of {text(paths[0])} in its folder"
    return f"{asked} of {len(paths)} files from {text(paths[0])} to {text(paths[-1])} ({hash(tuple(paths)):x})"


_WORDS = {False: "stat", True: "statx"}
"""Two questions whose answers differ have two names."""
