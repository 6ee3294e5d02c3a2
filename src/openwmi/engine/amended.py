"""Qualifiers with the flavor Amended, which are in a language.

An update with WBEM_FLAG_USE_AMENDED_QUALIFIERS leaves them out ([MS-WMI] 3.1.1.2).
"""

from __future__ import annotations

from dataclasses import replace

from openwmi.base.case import NameMap
from openwmi.model import Flavor, Method, Qualifiers
from openwmi.repository.class_record import Declared


def without_amended(qualifiers: Qualifiers) -> Qualifiers:
    """These, without the ones that are in a language."""
    return NameMap([(name, each) for name, each in qualifiers.items() if not int(each.flavor) & Flavor.AMENDED])


def declared_without_amended(own: Declared) -> Declared:
    """What a class declares, without those on itself and on its parts."""
    return Declared(
        tuple([replace(each, qualifiers=without_amended(each.qualifiers)) for each in own.properties]),
        tuple(map(_method, own.methods)),
        without_amended(own.qualifiers),
    )


def _method(method: Method) -> Method:
    parameters = [replace(each, qualifiers=without_amended(each.qualifiers)) for each in method.parameters]
    return replace(method, qualifiers=without_amended(method.qualifiers), parameters=tuple(parameters))
