"""Whether an instance may be put or deleted, and what is stored then.

[MS-WMI] 3.1.4.3.12 and 3.1.4.3.14, IWbemServices::PutInstance and DeleteInstance in the SDK. Where these say otherwise
than they are read here:

- 3.1.4.3.12 has NOT_FOUND for an instance of a class whose parent is not abstract. Then only classes at the top could
  have instances, and the same section tells who may write those of classes below: it is not done.
- A key that is NULL is NO_KEY ([MS-WMI] 2.2.11), which the SDK calls ILLEGAL_NULL; but a string key gets a GUID, which
  the SDK promises twice ("Creating and Declaring an Instance Using C++", PutInstanceAsync).

What a reference points to need not exist, and whether a property can be written (Read, Write) is for providers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from openwmi.base.case import NameMap
from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.engine.amended import without_amended
from openwmi.engine.extensions import declared_names, put_properties
from openwmi.engine.fitting import check_storable, fitted_qualifiers
from openwmi.engine.instance_keys import checked_path, generated_key, put_keys, stored_before
from openwmi.engine.paths import checked_keys
from openwmi.engine.store import CREATE_OR_UPDATE_FLAGS, Store, check_flags
from openwmi.model import ChangeFlag, CimClass, CimInstance, ObjectPath, Value, is_set
from openwmi.model.qualifier import of_instance, overridden

_NOTHING: Final[Mapping[str, object]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class InstanceChange:
    """A put that is allowed.

    Attributes:
        instance: as it will be, whole, of the class that there is here.
        path: its path within the namespace.
        before: as it was; None where it is new.
    """

    instance: CimInstance
    path: ObjectPath
    before: CimInstance | None = None

    @property
    def is_new(self) -> bool:
        return self.before is None


def check_instance_put(
    given: CimInstance,
    flags: ChangeFlag,
    store: Store,
    *,
    properties: Iterable[str] | None = None,
    context: Mapping[str, object] = _NOTHING,
    amended: bool = False,
    new_key: Callable[[], str] = generated_key,
) -> InstanceChange:
    """What comes of putting an instance of a static class.

    Args:
        given: from anywhere. Its values count by their names. What its class does not have, because a query left it out
            or because the class is another by now, stays as it is stored, or gets the default.
        properties: to write only these: the instance has to exist then. None for all, or as `context` says.
        context: the named values of the call ([MS-WMI] 3.1.4.3.12).
        amended: whether WBEM_FLAG_USE_AMENDED_QUALIFIERS was given: an update then leaves out the instance's qualifiers
            with the flavor Amended.
        new_key: makes the value of a string key that is NULL.

    Errors: INVALID_PARAMETER for flags; INVALID_CONTEXT; INVALID_CLASS for an unknown class; INVALID_OPERATION for one
    that is abstract or an amendment; AMENDED_OBJECT; those of `instance_keys`; NOT_FOUND, and INVALID_PROPERTY in a
    list of names, for an unknown property; INVALID_OBJECT for one that the instance does not have; TYPE_MISMATCH;
    ILLEGAL_NULL; OVERRIDE_NOT_ALLOWED for a qualifier; those of `check_storable`.
    """
    check_flags(flags, CREATE_OR_UPDATE_FLAGS)
    names = put_properties(context, flags) if properties is None else tuple(properties)
    if properties is not None:
        if ChangeFlag.CREATE_ONLY in flags:
            raise WbemError(WbemStatus.INVALID_CONTEXT, "a part of an instance can only be put with UPDATE_ONLY")
        flags |= ChangeFlag.UPDATE_ONLY
    class_ = _class_of(given, store)
    _check_amended(given, amended)
    keys = put_keys(given, class_, None if ChangeFlag.UPDATE_ONLY in flags else new_key)
    path = checked_path(class_, keys)
    before = stored_before(class_, keys, path, flags, store)
    values = chosen_values(given, class_, names)
    if names is None or before is None:
        values.update(keys)  # of a part the keys say which instance it is, and stay as they are spelt
    row = class_.row(values, base=None if before is None else before.values_)
    _check_nulls(class_, row)
    _check_storable(class_, row)
    instance = _qualified(class_, row, given, before, partly=names is not None, amended=amended)
    return InstanceChange(instance, path, before)


def chosen_values(given: CimInstance, class_: CimClass, names: tuple[str, ...] | None) -> dict[str, Value]:
    """The values that are put of an instance: all, or those of these names. INVALID_PROPERTY, INVALID_OBJECT."""
    if names is None:
        return given.to_dict_()
    chosen: dict[str, Value] = {}
    for name in declared_names(class_, names):
        if name not in given.class_:
            raise WbemError(
                WbemStatus.INVALID_OBJECT,
                f"{class_.name}.{name} is to be written, and the instance that was given does not have it",
            )
        chosen[name] = given[name]
    return chosen


def check_instance_delete(path: ObjectPath, store: Store) -> CimInstance:
    """The stored instance that a path names: of its class, or of one derived from it (the SDK's DeleteInstance).

    Args:
        path: within the store's namespace, as `engine.paths.located` leaves it.

    Errors: NOT_FOUND for the class and for the instance; INVALID_OBJECT_PATH for the path of a class and for keys that
    do not fit.
    """
    class_ = store.find(path.class_name)
    if class_ is None:
        raise WbemError(WbemStatus.NOT_FOUND, f"there is no class {path.class_name} in {store.namespace}")
    if path.is_class:
        raise WbemError(
            WbemStatus.INVALID_OBJECT_PATH, f"{path} is a class and no instance: give its keys, or delete the class"
        )
    found = store.instance(class_, checked_keys(path, class_))
    if found is None:
        raise WbemError(WbemStatus.NOT_FOUND, f"there is no {path.relative}")
    return found


# --------------------------------------------------------------------------------------------------- what it is put to


def _class_of(given: CimInstance, store: Store) -> CimClass:
    name = given.class_.name
    class_ = store.find(name)
    if class_ is None:
        raise WbemError(WbemStatus.INVALID_CLASS, f"there is no class {name} in {store.namespace}: put the class first")
    if class_.is_abstract:
        # PutInstance: "on an instance of an abstract class is not allowed"; the status is that of amendments.
        raise WbemError(
            WbemStatus.INVALID_OPERATION, f"{class_.name} is abstract and has no instances: derive a class from it"
        )
    if is_set(class_.qualifiers, "amendment"):
        raise WbemError(  # [MS-WMI] 3.1.1.2
            WbemStatus.INVALID_OPERATION, f"{class_.name} is the translation of a class and has no instances"
        )
    if class_.isa_("__NAMESPACE"):
        raise WbemError(
            WbemStatus.INVALID_OPERATION,
            f"{class_.name} is derived from __NAMESPACE, and an instance of it makes no namespace: put one of "
            "__NAMESPACE itself",
        )
    return class_


def _check_amended(given: CimInstance, amended: bool) -> None:
    """[MS-WMI] 3.1.4.3: "a CIM instance with amended qualifier set to true"."""
    if not amended and is_set(given.qualifiers_, "amended"):
        raise WbemError(
            WbemStatus.AMENDED_OBJECT,
            f"the {given.class_.name} was amended with texts of a language: put it with USE_AMENDED_QUALIFIERS",
        )


# ---------------------------------------------------------------------------------------------------- what is put there


def _check_nulls(class_: CimClass, row: Sequence[Value]) -> None:
    """The SDK's "Optional Qualifiers", Not_Null: Indexed implies it, and so does Key, which was looked at."""
    for value, each in zip(row, class_.properties, strict=True):
        if value is None:
            for qualifier in ("Not_Null", "Indexed"):
                if is_set(each.qualifiers, qualifier):
                    raise WbemError(
                        WbemStatus.ILLEGAL_NULL,
                        f"{class_.name}.{each.name} is NULL, which its qualifier {qualifier} forbids: give it a value",
                    )


def _check_storable(class_: CimClass, row: Sequence[Value]) -> None:
    for value, each in zip(row, class_.properties, strict=True):
        if value is not None:
            check_storable(value, f"{class_.name}.{each.name}")


def _qualified(
    class_: CimClass,
    row: tuple[Value, ...],
    given: CimInstance,
    before: CimInstance | None,
    *,
    partly: bool,
    amended: bool,
) -> CimInstance:
    """The instance with its own qualifiers: a put of a part leaves those that are stored."""
    if partly and before is not None:
        return CimInstance(class_, row, before.own_qualifiers_, before.own_property_qualifiers_)
    own = fitted_qualifiers(given.own_qualifiers_, f"an instance of {class_.name}")
    of_properties = given.own_property_qualifiers_
    if of_properties:
        of_properties = NameMap(
            [(name, fitted_qualifiers(each, f"{class_.name}.{name}")) for name, each in of_properties.items()]
        )
    if amended and before is not None:
        own = without_amended(own)
        of_properties = NameMap([(name, without_amended(each)) for name, each in of_properties.items()])
    overridden(of_instance(class_.qualifiers), own, f"an instance of {class_.name}", class_.name)
    for name, qualifiers in of_properties.items():
        declared = of_instance(class_.properties[class_.index(name)].qualifiers) if name in class_ else NameMap()
        overridden(declared, qualifiers, f"{class_.name}.{name} of an instance", class_.name)
    return CimInstance(class_, row, own, of_properties)
