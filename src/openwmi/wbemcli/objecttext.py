"""IWbemClassObject::GetObjectText: an object as MOF, with or without the flavors of its qualifiers."""

from __future__ import annotations

from dataclasses import replace

from openwmi.base.case import NameMap
from openwmi.model import CimClass, CimInstance, Flavor, Qualifier, Qualifiers
from openwmi.mof import to_mof
from openwmi.mof.flavors import UNDECLARED


def object_text(what: CimClass | CimInstance, *, with_flavors: bool) -> str:
    """The MOF of what an object declares itself."""
    return to_mof(what if with_flavors else _plain_class(what) if isinstance(what, CimClass) else _plain_instance(what))


def _plain_class(class_: CimClass) -> CimClass:
    methods = []
    for method in class_.methods:
        parameters = [replace(each, qualifiers=_plain(each.qualifiers)) for each in method.parameters]
        methods.append(replace(method, qualifiers=_plain(method.qualifiers), parameters=tuple(parameters)))
    return replace(
        class_,
        qualifiers=_plain(class_.qualifiers),
        properties=tuple([replace(each, qualifiers=_plain(each.qualifiers)) for each in class_.properties]),
        methods=tuple(methods),
    )


def _plain_instance(instance: CimInstance) -> CimInstance:
    sets = [(name, _plain(each)) for name, each in instance.own_property_qualifiers_.items()]
    return CimInstance(instance.class_, instance.store_, _plain(instance.own_qualifiers_), NameMap(sets))


def _plain(qualifiers: Qualifiers) -> Qualifiers:
    """Each with the flavor that needs no words. What was handed down stays so, since it is not written."""
    return NameMap(
        [
            (
                name,
                Qualifier(
                    each.name,
                    each.value,
                    each.type,
                    UNDECLARED.get(name, Flavor(0)) | (each.flavor & Flavor.ORIGIN_PROPAGATED),
                ),
            )
            for name, each in qualifiers.items()
        ]
    )
