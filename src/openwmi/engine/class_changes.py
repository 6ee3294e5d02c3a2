"""Whether a class may be put or deleted, and what becomes of it and of those derived from it.

[MS-WMI] 3.1.4.3.6 and 3.1.4.3.8, IWbemServices::PutClass and DeleteClass in the SDK. Where these differ:

- An unknown superclass is NOT_FOUND, which 3.1.4.3.6 demands; its own list of statuses (2.2.11) and the SDK have
  INVALID_SUPERCLASS for it.
- With UPDATE_SAFE_MODE the SDK refuses every update of a class that has instances, [MS-WMI] only one that is in
  conflict with them. The latter is what is done here, and a conflict is what the SDK says cannot be done to a class
  that has instances (`class_differences`).
- UPDATE_FORCE_MODE deletes the instances of a class, or fails if it has some: SWbemObject.Put_ says both in two lines.
  Here it fails as safe mode does, since an update must not lose what was stored.

Dynamic classes, who may write, and what is stored how, is not known here.
"""

from __future__ import annotations

from dataclasses import dataclass

from openwmi.base.case import fold
from openwmi.base.error import WbemError
from openwmi.base.limits import CLASS_NAME_CHARS
from openwmi.base.status import WbemStatus
from openwmi.engine.amended import declared_without_amended
from openwmi.engine.class_differences import Differences, differences
from openwmi.engine.class_rules import check_class, check_class_name
from openwmi.engine.derived_changes import rederived
from openwmi.engine.fitting import fitted
from openwmi.engine.store import CREATE_OR_UPDATE_FLAGS, MODES, Store, check_existence, check_flags
from openwmi.model import ChangeFlag, CimClass
from openwmi.repository.class_record import declared


@dataclass(frozen=True, slots=True)
class ClassChange:
    """A put that is allowed.

    Attributes:
        class_: the class as it will be: complete, below the superclass that there is here.
        before: as it was; None where it is new.
        derived: the derived classes that change with it, as they will be, each before its own.
    """

    class_: CimClass
    before: CimClass | None = None
    derived: tuple[CimClass, ...] = ()

    @property
    def is_new(self) -> bool:
        return self.before is None


@dataclass(frozen=True, slots=True)
class ClassDeletion:
    """A deletion that is allowed: of the class, and of those derived from it, each before its own.

    The stored instances of all of them go as well.
    """

    class_: CimClass
    derived: tuple[CimClass, ...] = ()


def check_class_put(given: CimClass, flags: ChangeFlag, store: Store, *, amended: bool = False) -> ClassChange:
    """What comes of putting a class.

    Args:
        given: from anywhere, below whatever superclass it had there: what it declares itself is put.
        amended: whether WBEM_FLAG_USE_AMENDED_QUALIFIERS was given: an update then leaves out the qualifiers with the
            flavor Amended ([MS-WMI] 3.1.1.2); who is new keeps them.

    Errors: INVALID_PARAMETER for flags; ALREADY_EXISTS, NOT_FOUND by the flags; INVALID_OBJECT for a class from a
    query; NOT_FOUND for an unknown superclass; CIRCULAR_REFERENCE for one that is derived from the class;
    TYPE_MISMATCH for a default and for a qualifier's value;
    CLASS_HAS_CHILDREN, CLASS_HAS_INSTANCES for an update that the mode does not allow; those of `CimClass.derive`,
    `check_class_name` and `check_class`.
    """
    check_flags(flags, CREATE_OR_UPDATE_FLAGS | MODES)
    check_class_name(given.name)
    if given.projected:
        raise WbemError(
            WbemStatus.INVALID_OBJECT, f"{given.name} came from a query that left properties out: get the class whole"
        )
    before = store.find(given.name)
    check_existence(flags, before is not None, f"the class {given.name}")
    parent = _superclass(given, before, store)
    class_ = _placed(given, parent, store, stripped=amended and before is not None)
    check_class(class_, parent, forced=ChangeFlag.UPDATE_FORCE_MODE in flags)
    if before is None:
        return ClassChange(class_)
    return _update(before, class_, flags, store)


def check_class_delete(name: str, store: Store, *, amended: bool = False) -> ClassDeletion:
    """What comes of deleting a class.

    Errors: QUOTA_VIOLATION for too long a name; INVALID_OPERATION for a system class (DeleteClass: "System classes
    cannot be deleted"; the SDK's text of the status names deletions); NOT_FOUND; INVALID_PARAMETER with
    WBEM_FLAG_USE_AMENDED_QUALIFIERS ([MS-WMI] 3.1.1.2).
    """
    if amended:
        raise WbemError(
            WbemStatus.INVALID_PARAMETER,
            f"the class {name} cannot be deleted with USE_AMENDED_QUALIFIERS: delete it without, and then in each of "
            "the namespaces of its languages",
        )
    _check_length(name, "the class name")
    if name.startswith("_"):
        raise WbemError(WbemStatus.INVALID_OPERATION, f"{name} is a class of the system and cannot be deleted")
    class_ = store.find(name)
    if class_ is None:
        raise WbemError(WbemStatus.NOT_FOUND, f"there is no class {name} in {store.namespace}")
    return ClassDeletion(class_, tuple(store.derived(class_, deep=True)))


# ------------------------------------------------------------------------------------------------------------- putting


def _check_length(name: str, what: str) -> None:
    if len(name) > CLASS_NAME_CHARS:
        raise WbemError(
            WbemStatus.QUOTA_VIOLATION, f"{what} has {len(name)} characters; {CLASS_NAME_CHARS} are allowed"
        )


def _superclass(given: CimClass, before: CimClass | None, store: Store) -> CimClass | None:
    if given.superclass is None:
        return None
    _check_length(given.superclass, f"the name of the superclass of {given.name}")
    parent = None if fold(given.superclass) == fold(given.name) else store.find(given.superclass)
    if fold(given.superclass) == fold(given.name) or (before is not None and parent and parent.isa_(before.name)):
        raise WbemError(
            WbemStatus.CIRCULAR_REFERENCE,
            f"{given.name} cannot be derived from {given.superclass}, which is "
            f"{'itself' if parent is None else 'derived from it'}",
        )
    if parent is None:
        raise WbemError(
            WbemStatus.NOT_FOUND,
            f"{given.superclass}, the superclass of {given.name}, is not in {store.namespace}: put it first",
        )
    return parent


def _placed(given: CimClass, parent: CimClass | None, store: Store, *, stripped: bool) -> CimClass:
    """The class below the superclass that there is here."""
    own = fitted(declared(given, parent), given.name)
    if stripped:
        own = declared_without_amended(own)
    if parent is not None:
        return parent.derive(given.name, *own)
    return CimClass(given.name, None, (), *own, namespace=store.namespace, server=store.server)


# ------------------------------------------------------------------------------------------------------------ updating


def _update(before: CimClass, class_: CimClass, flags: ChangeFlag, store: Store) -> ClassChange:
    if class_ == before:
        return ClassChange(class_, before)
    found = differences(before, class_)
    children = tuple(store.derived(before, deep=True))
    if found.important and not flags & MODES:
        _check_alone(before, found, children, store)
    changed = rederived(before, class_, children, force=ChangeFlag.UPDATE_FORCE_MODE in flags)
    for old, new in ((before, class_), *changed):
        _check_instances(old, differences(old, new), store)
    return ClassChange(class_, before, tuple([new for _, new in changed]))


def _check_alone(before: CimClass, found: Differences, children: tuple[CimClass, ...], store: Store) -> None:
    """WBEM_FLAG_UPDATE_COMPATIBLE: derived classes and instances stand in the way of all but unimportant qualifiers."""
    if children:
        raise WbemError(
            WbemStatus.CLASS_HAS_CHILDREN,
            f"{before.name} cannot change ({_listed(found.important)}) while {children[0].name} is derived from it: "
            "use UPDATE_SAFE_MODE",
        )
    if store.has_instances(before):
        raise WbemError(
            WbemStatus.CLASS_HAS_INSTANCES,
            f"{before.name} cannot change ({_listed(found.important)}) while it has instances: "
            + ("delete them first" if found.binding else "use UPDATE_SAFE_MODE"),
        )


def _check_instances(before: CimClass, found: Differences, store: Store) -> None:
    if found.binding and store.has_instances(before):
        raise WbemError(
            WbemStatus.CLASS_HAS_INSTANCES,
            f"{before.name} cannot change ({_listed(found.binding)}) while it has instances: delete them first",
        )


def _listed(changes: tuple[str, ...]) -> str:
    return "; ".join(changes[:3]) + ("; …" if len(changes) > 3 else "")
