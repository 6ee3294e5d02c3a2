"""What the tests of the repository's file put into it: lamps, and links between them."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from openwmi.model import CimClass, CimInstance, CimType, Property, Qualifier, Type, qualifier_set
from openwmi.repository import Layers, Repository, ShippedLayer
from openwmi.repository.transaction import Transaction

NAMESPACE = r"root\cimv2"
STRING, UINT32, REFERENCE = Type(CimType.STRING), Type(CimType.UINT32), Type(CimType.REFERENCE)
KEY = qualifier_set(Qualifier("key"))
LAYERS = Layers([ShippedLayer.load()])


QUICK = Path("/dev/shm") if os.access("/dev/shm", os.W_OK) else None
"""Where files are in memory: a process that is killed there leaves the same, and nobody waits for a disk."""


def cim_class(name: str, *properties: Property, **more: object) -> CimClass:
    return CimClass(name, properties=properties, namespace=NAMESPACE, server="here", **more)  # type: ignore[arg-type]  # as CimClass has them


LAMP = cim_class("Lamp", Property("Name", STRING, qualifiers=KEY), Property("Watts", UINT32), Property("Room", STRING))
LINK = cim_class(
    "Link",
    Property("From", REFERENCE, qualifiers=KEY),
    Property("To", REFERENCE, qualifiers=KEY),
    Property("Note", STRING),
)

COUNTLESS = cim_class("Countless")


def lamp(name: str, watts: int = 1, class_: CimClass = LAMP) -> CimInstance:
    return class_.instance({"Name": name, "Watts": watts})


def path(name: str) -> str:
    return f'Lamp.Name="{name}"'


def link(one: str, other: str, note: str = "") -> CimInstance:
    return LINK.instance({"From": path(one), "To": path(other), "Note": note})


def repository(file: Path | None) -> Repository:
    return Repository("here", LAYERS, file)


def put_class(transaction: Transaction, class_: CimClass, derived: Iterable[CimClass] = ()) -> None:
    transaction.namespace(class_.namespace).put_class(class_, derived)


def put(transaction: Transaction, *instances: CimInstance) -> None:
    """As the engine does: the class as it is there, and what was there before."""
    for each in instances:
        draft = transaction.namespace(each.class_.namespace)
        class_ = draft.find(each.class_.name)
        assert class_ is not None
        whole = class_.instance({name: value for name, value in each.to_dict_().items() if name in class_})
        draft.put_instance(whole, draft.get(class_, {key: whole[key] for key in class_.keys}))


def delete(transaction: Transaction, class_: CimClass, **keys: object) -> bool:
    draft = transaction.namespace(class_.namespace)
    here = draft.find(class_.name)
    found = None if here is None else draft.get(here, keys)
    if found is not None:
        draft.delete_instance(found)
    return found is not None


def fill(transaction: Transaction, count: int = 40) -> None:
    """Lamps l0, l1 and so on of so many watts, each linked with the next."""
    put_class(transaction, LAMP)
    put_class(transaction, LINK)
    put(transaction, *[lamp(f"l{number}", number) for number in range(count)])
    put(transaction, *[link(f"l{number}", f"l{number + 1}") for number in range(count)])


def watts(where: Repository, page: int = 100) -> dict[str, int]:
    """All lamps, as a reader finds them."""
    reader = where.reader(NAMESPACE)
    class_ = reader.find("Lamp")
    if class_ is None:
        return {}
    found: list[CimInstance] = []
    after: bytes | None = None
    while True:
        rows, after = reader.page(class_, after, page)
        found += rows
        if after is None:
            break
    assert len({each.Name for each in found}) == len(found)
    return {each.Name: each.Watts for each in found}
