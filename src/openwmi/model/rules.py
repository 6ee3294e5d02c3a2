"""Which classes may be stored: keys, singletons, abstract classes, and what an instance may have in its keys.

The WMI SDK's "Key Qualifier" and "Creating a Derived Class", and [MS-WMI] 3.1.4.3.7 for singletons. A class that breaks
these rules is still a class: schemas that others wrote have such ones, and so does what comes from another server.
Where instances are is not known here, and neither are the flags of a put.
"""

from __future__ import annotations

from collections.abc import Iterator

from openwmi.base.case import fold
from openwmi.base.error import WbemError
from openwmi.base.limits import CLASS_KEYS
from openwmi.base.status import WbemStatus
from openwmi.model.cimtype import CimType
from openwmi.model.objects import CimClass, CimInstance
from openwmi.model.property import Property

_NO_KEY_TYPES = {
    CimType.REAL32: "a real number",
    CimType.REAL64: "a real number",
    CimType.OBJECT: "an embedded object",
}


def key_problem(class_: CimClass, parent: CimClass | None) -> WbemError | None:
    """The first rule about keys that a class breaks, as an error to raise; None where it keeps them all.

    Args:
        class_: complete, as `CimClass.derive` makes it.
        parent: its superclass; None for a base class.

    CANNOT_BE_KEY names the class, the property and the rule: an array, real number or embedded object is no key; Key is
    TRUE; the keys of a parent stay, and a derived class adds none unless the parent is abstract and has none.
    CANNOT_BE_SINGLETON: what becomes a singleton adds no keys, and its parent is a singleton or abstract.

    Windows: Win32_OperatingSystem is a singleton, and inherits keys from an abstract class.
    """
    for status, problem in (*_singleton(class_, parent), *_types(class_), *_heritage(class_, parent)):
        return WbemError(status, f"{class_.name}{problem}")
    return None


def abstract_problem(class_: CimClass, parent: CimClass | None) -> WbemError | None:
    """CANNOT_BE_ABSTRACT, as an error to raise, for an abstract class whose parent is not; None for others.

    Apart from the rules about keys, since the DMTF's own schema breaks it once: CIM_PolicyInSystem.
    """
    if parent is None or parent.is_abstract or not class_.is_abstract:
        return None
    problem = f"{class_.name} is abstract, and {parent.name}, from which it derives, is not"
    return WbemError(WbemStatus.CANNOT_BE_ABSTRACT, problem)


def key_value_problem(instance: CimInstance) -> WbemError | None:
    """Why an instance cannot be stored under its keys, as an error to raise; None where it can.

    NO_KEY for a class without keys that is no singleton, and for a key that is NULL; INVALID_OBJECT for a string that
    has characters which cannot stand in a path; QUOTA_VIOLATION for more keys than an instance can have.
    """
    class_ = instance.class_
    if class_.is_singleton:
        return None
    if not class_.keys:
        return WbemError(WbemStatus.NO_KEY, f"{class_.name} has no key, so that none of its instances can be found")
    if len(class_.keys) > CLASS_KEYS:
        return WbemError(
            WbemStatus.QUOTA_VIOLATION, f"{class_.name} has {len(class_.keys)} keys; {CLASS_KEYS} are allowed"
        )
    for name in class_.keys:
        value = instance.store_[class_.positions[name]]
        if value is None:
            return WbemError(WbemStatus.NO_KEY, f"{class_.name}.{name} is a key, and is NULL")
        if isinstance(value, str) and any(character < " " for character in value):
            problem = f"{class_.name}.{name} is a key, and {value!r} has control characters: no path can hold them"
            return WbemError(WbemStatus.INVALID_OBJECT, problem)
    return None


_Problem = tuple[WbemStatus, str]


def _singleton(class_: CimClass, parent: CimClass | None) -> Iterator[_Problem]:
    if not class_.is_singleton or (parent is not None and parent.is_singleton):
        return
    inherited = {fold(name) for name in parent.keys} if parent is not None and parent.is_abstract else set()
    own = [name for name in class_.keys if fold(name) not in inherited]
    if own:
        yield WbemStatus.CANNOT_BE_SINGLETON, f" is a singleton, and {own[0]} is a key: one instance needs no key"
    elif parent is not None and not parent.is_abstract:
        yield WbemStatus.CANNOT_BE_SINGLETON, f" is a singleton, and {parent.name}, from which it derives, is none"


def _types(class_: CimClass) -> Iterator[_Problem]:
    for member in class_.properties:
        qualifier = member.qualifiers.get("key")
        if qualifier is None:
            continue
        if qualifier.value is not True:
            yield _key(member, f"has Key({qualifier.value!r}), and the only value of Key is TRUE")
        elif member.type.array:
            yield _key(member, "cannot be a key: it is an array")
        elif member.type.cim in _NO_KEY_TYPES:
            yield _key(member, f"cannot be a key: it is {_NO_KEY_TYPES[member.type.cim]}")


def _heritage(class_: CimClass, parent: CimClass | None) -> Iterator[_Problem]:
    if parent is None:
        return
    before = {fold(name) for name in parent.keys}
    now = {fold(name) for name in class_.keys}
    for name in parent.keys:
        if name not in class_:
            yield WbemStatus.CANNOT_BE_KEY, f" lacks {name}, which is a key of {parent.name}"
        elif fold(name) not in now:
            yield _key(class_.property(name), f"is a key of {parent.name}, and must stay one in a derived class")
    for name in class_.keys:
        if fold(name) in before:
            continue
        if before:
            keys = ", ".join(parent.keys)
            yield _key(class_.property(name), f"cannot become a key: {parent.name} has its keys already ({keys})")
        elif not parent.is_abstract:
            rule = f"cannot become a key: {parent.name} has none, and is not abstract"
            yield _key(class_.property(name), rule)


def _key(member: Property, rule: str) -> _Problem:
    return WbemStatus.CANNOT_BE_KEY, f".{member.name} {rule}"
