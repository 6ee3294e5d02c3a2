"""The words in which the class tables are written: MOF's own ([DSP0004] 7), as small Python functions.

A qualifier has one flavor wherever it occurs here. The flavors are those of real classes, such as Win32_ProcessStartup
when Windows sends it: a property's qualifiers go to derived classes and stay away from instances, Key goes to both and
for ever, Abstract stays with its class. CIMTYPE, In, Out and ID say what the model knows anyway; who encodes a class
adds them.
"""

from __future__ import annotations

from dataclasses import replace

from openwmi.model import CimType, Flavor, Method, Parameter, Property, Qualifier, Qualifiers, Type

NAMESPACE = "root\\cimv2"

HERE = Flavor(0)
INSTANCES = Flavor.PROPAGATE_TO_INSTANCE
DERIVED = Flavor.PROPAGATE_TO_DERIVED_CLASS
FOR_EVER = INSTANCES | DERIVED | Flavor.NOT_OVERRIDABLE


def cim_type(text: str) -> Type:
    """`uint32`, `string[]`, `object:Win32_ProcessStartup` -> Type. KeyError for a keyword that CIM does not have."""
    keyword, _, class_name = text.removesuffix("[]").partition(":")
    return Type(_KEYWORDS[keyword], array=text.endswith("[]"), class_name=class_name or None)


def qualifier(name: str, value: bool | int | str | tuple[str, ...] = True, flavor: Flavor = DERIVED) -> Qualifier:
    """A qualifier whose type follows from its value: boolean, sint32, string or string[]."""
    kind = str if isinstance(value, tuple) else type(value)
    return Qualifier(name, value, Type(_QUALIFIER_TYPES[kind], array=isinstance(value, tuple)), flavor)


def qualifiers(*items: Qualifier) -> Qualifiers:
    """Qualifiers by their names, in the order given."""
    return Qualifiers((item.name, item) for item in items)


def prop(name: str, type_name: str, *items: Qualifier, default: object = None, writable: bool = False) -> Property:
    """One property; it has the qualifier Read, and Write as well where `writable`."""
    access = (READ, WRITE) if writable else (READ,)
    return Property(name, cim_type(type_name), default, qualifiers(*access, *items))


def method(name: str, items: tuple[Qualifier, ...], *parameters: Parameter) -> Method:
    """One method; like all of these it returns a uint32. The parameters' IDs count from 0, in the order given."""
    numbered = tuple(replace(parameter, id=at) for at, parameter in enumerate(parameters))
    return Method(name, numbered, cim_type("uint32"), qualifiers(*items))


def given(type_name: str, name: str) -> Parameter:
    """An in-parameter."""
    return Parameter(name, cim_type(type_name), is_in=True, is_out=False, id=0)


def returned(type_name: str, name: str) -> Parameter:
    """An out-parameter."""
    return Parameter(name, cim_type(type_name), is_in=False, is_out=True, id=0)


def max_len(chars: int) -> Qualifier:
    """How long a string may be. Nothing enforces it, on Windows neither."""
    return qualifier("MaxLen", chars)


def units(unit: str) -> Qualifier:
    """What a number counts."""
    return qualifier("Units", unit)


def override(name: str) -> Qualifier:
    """The property of a class above that this one declares anew."""
    return qualifier("Override", name)


def propagated(source: str) -> Qualifier:
    """The key of another class, `Class.Property`, that this one repeats."""
    return qualifier("Propagated", source)


def maps(*sources: str) -> Qualifier:
    """MappingStrings: where Windows takes the value from."""
    return qualifier("MappingStrings", sources)


def corresponds(*properties: str) -> Qualifier:
    """ModelCorrespondence: the properties that this one is to be read with."""
    return qualifier("ModelCorrespondence", properties)


def privileges(*names: str) -> Qualifier:
    """What a caller must be allowed on Windows to see the value."""
    return qualifier("Privileges", names)


def uuid(text: str) -> Qualifier:
    """The identity of a class."""
    return qualifier("UUID", text, INSTANCES)


_KEYWORDS = {kind.keyword: kind for kind in CimType}
_QUALIFIER_TYPES: dict[type, CimType] = {bool: CimType.BOOLEAN, int: CimType.SINT32, str: CimType.STRING}

# Of classes.
ABSTRACT = qualifier("Abstract", flavor=HERE)
DYNAMIC = qualifier("Dynamic", flavor=INSTANCES)
SINGLETON = qualifier("Singleton", flavor=FOR_EVER)  # [MS-WMI] 2.2.30 prints these flavors
PROVIDER = qualifier("Provider", "CIMWin32", INSTANCES)

# Of properties.
READ = qualifier("Read")
WRITE = qualifier("Write")
KEY = qualifier("Key", flavor=FOR_EVER)
CIM_KEY = qualifier("CIM_Key")
FIXED = qualifier("Fixed")
DEPRECATED = qualifier("Deprecated")

# Of methods.
STATIC = qualifier("Static", flavor=HERE)
IMPLEMENTED = qualifier("Implemented", flavor=HERE)
