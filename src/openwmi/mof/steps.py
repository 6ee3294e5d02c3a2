"""What a MOF text asks for, ready to be carried out: steps in their order, each with its namespace and its flags.

Who carries them out, and where, is not known here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from openwmi.base.case import NameMap
from openwmi.model import ChangeFlag, CimClass, CimInstance, ObjectPath
from openwmi.mof.source import Place, Source
from openwmi.mof.tree import QualifierDeclaration

FindClass: TypeAlias = Callable[[str, str], CimClass | None]
"""(namespace, class) -> the class as it is known before the text is compiled, or None."""


@dataclass(frozen=True, slots=True)
class Step:
    """What all steps have: the namespace, with backslashes, and where in which text the step is declared."""

    namespace: str
    source: Source
    at: int

    @property
    def place(self) -> Place:
        return self.source.place(self.at)


@dataclass(frozen=True, slots=True)
class PutClass(Step):
    """A class is created or updated."""

    class_: CimClass
    flags: ChangeFlag


@dataclass(frozen=True, slots=True)
class PutInstance(Step):
    """An instance is created or updated."""

    instance: CimInstance
    flags: ChangeFlag


@dataclass(frozen=True, slots=True)
class DeleteClass(Step):
    """A class and its instances are deleted; `must_exist` says whether its absence is a failure."""

    class_name: str
    must_exist: bool


@dataclass(frozen=True, slots=True)
class DeleteInstance(Step):
    """An instance is deleted; `must_exist` says whether its absence is a failure."""

    path: ObjectPath
    must_exist: bool


@dataclass(frozen=True, slots=True)
class Compilation:
    """All of a text.

    Attributes:
        steps: in the order of the text.
        qualifiers: the declarations of qualifiers; the last of one name counts.
        autorecover: whether the text asks to be compiled again when a repository is rebuilt.
        amendment: the locale, such as MS_409, for which it asks to be split; None where it does not.
    """

    steps: tuple[PutClass | PutInstance | DeleteClass | DeleteInstance, ...]
    qualifiers: NameMap[QualifierDeclaration]
    autorecover: bool = False
    amendment: str | None = None

    @property
    def classes(self) -> tuple[CimClass, ...]:
        return tuple([step.class_ for step in self.steps if isinstance(step, PutClass)])

    @property
    def instances(self) -> tuple[CimInstance, ...]:
        return tuple([step.instance for step in self.steps if isinstance(step, PutInstance)])
