"""What is wrong with a MOF text, and where: file, line, column, and the phase in which it was found."""

from __future__ import annotations

from enum import IntEnum
from typing import Any

from openwmi.base.error import WbemError
from openwmi.mof.source import Place


class Phase(IntEnum):
    """Where a compilation failed, as WBEM_COMPILE_STATUS_INFO (wbemcli.h) counts."""

    PARSING = 1
    ARGUMENTS = 2
    STORING = 3


class MofError(WbemError):
    """A MOF text that cannot be compiled; nothing of it was.

    Attributes:
        place: the file (empty where it has no name), the line and the column, both from 1.
        phase: PARSING where the text is no MOF, STORING where what it says cannot be.
        problem: the message without the place.
    """

    def __init__(self, status: int, problem: str, place: Place, phase: Phase) -> None:
        super().__init__(status, f"{place}: {problem}")
        self.place = place
        self.phase = phase
        self.problem = problem

    @property
    def file(self) -> str:
        return self.place.file

    @property
    def line(self) -> int:
        return self.place.line

    @property
    def column(self) -> int:
        return self.place.column

    def __reduce__(self) -> tuple[Any, ...]:
        return MofError, (int(self.status), self.problem, self.place, self.phase)
