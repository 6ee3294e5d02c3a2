"""Classes for the tests of queries."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from openwmi.model import CimClass, CimType, Property, Qualifier, Type, qualifier_set

Declared = tuple[str, CimType | Type]


def _property(name: str, type_: CimType | Type, *, key: bool) -> Property:
    qualifiers = qualifier_set(Qualifier("key")) if key else qualifier_set()
    return Property(name, type_ if isinstance(type_, Type) else Type(type_), qualifiers=qualifiers)


@pytest.fixture(scope="session")
def make_class() -> Callable[..., CimClass]:
    """A class in root\\cimv2 on \\\\server, from its name, its keys and its other properties."""

    def make(name: str, keys: tuple[Declared, ...], others: tuple[Declared, ...] = ()) -> CimClass:
        properties = [_property(*declared, key=True) for declared in keys]
        properties += [_property(*declared, key=False) for declared in others]
        return CimClass(name, properties=tuple(properties), namespace="root\\cimv2", server="server")

    return make
