"""What was written, for those who want to be told of it: each change with the object before and after.

Nothing is noted that nobody wants: what an instance was before a plain put is not even read then. It must not know who
wants it, nor what for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, TypeAlias

from openwmi.base.case import fold
from openwmi.model import CimClass, CimInstance

Noted: TypeAlias = CimInstance | CimClass | str
"""What changes: an instance, a class, or by its name a namespace within one."""


@dataclass(frozen=True, slots=True)
class Note:
    """One change.

    Attributes:
        namespace: where.
        before: as it was; None where it is new.
        after: as it is now; None where it is gone.
    """

    namespace: str
    before: Noted | None
    after: Noted | None

    @property
    def what(self) -> Noted:
        """What has changed, as it is now or was."""
        found = self.before if self.after is None else self.after
        assert found is not None
        return found


@dataclass(frozen=True, slots=True)
class Interest:
    """Which changes of one namespace are wanted.

    Attributes:
        trees: of instances of these classes (folded names) and of all below them; None: of all instances.
        classes: of classes.
        namespaces: of the namespaces directly within it.
    """

    trees: frozenset[str] | None = frozenset()
    classes: bool = False
    namespaces: bool = False

    def covers(self, class_: CimClass) -> bool:
        """Whether changes of its instances are wanted."""
        trees = self.trees
        if trees is None:
            return True
        return bool(trees) and (fold(class_.name) in trees or any(fold(above) in trees for above in class_.derivation))


Interests: TypeAlias = Mapping[str, Interest]
"""By the folded name of a namespace. It never changes: another one takes its place."""

NO_INTEREST: Final = Interest()
NO_INTERESTS: Final[Interests] = MappingProxyType({})
