"""The CIM model as WMI has it: types, values, qualifiers, properties, methods, classes, instances, paths.

Everything here is a value that never changes. Names are found without regard to case and keep their spelling. NULL is
None, an array is a tuple, a reference is an object path as text. This package must not know where objects come from,
where they are stored, or how they travel.
"""

from openwmi.model.change import ChangeFlag
from openwmi.model.cimobject import CimObject
from openwmi.model.cimtype import INTEGER_RANGES, CimType, Type, Value
from openwmi.model.deferred import DeferredClass, source_of
from openwmi.model.method import Method, Parameter
from openwmi.model.moment import CimDateTime, CimInterval, parse_datetime
from openwmi.model.namespace import parse_namespace
from openwmi.model.nearest import nearest
from openwmi.model.objects import BareInstance, CimClass, CimInstance, Store
from openwmi.model.parameters import input_class, method_from_classes, output_class
from openwmi.model.path import KeyValue, ObjectPath
from openwmi.model.property import Property
from openwmi.model.qualifier import Flavor, Qualifier, Qualifiers, is_set, qualifier_set
from openwmi.model.rules import abstract_problem, key_problem, key_value_problem
from openwmi.model.system import SYSTEM_PROPERTIES

__all__ = [
    "INTEGER_RANGES",
    "SYSTEM_PROPERTIES",
    "BareInstance",
    "ChangeFlag",
    "CimClass",
    "CimDateTime",
    "CimInstance",
    "CimInterval",
    "CimObject",
    "CimType",
    "DeferredClass",
    "Flavor",
    "KeyValue",
    "Method",
    "ObjectPath",
    "Parameter",
    "Property",
    "Qualifier",
    "Qualifiers",
    "Store",
    "Type",
    "Value",
    "abstract_problem",
    "input_class",
    "is_set",
    "key_problem",
    "key_value_problem",
    "method_from_classes",
    "nearest",
    "output_class",
    "parse_datetime",
    "parse_namespace",
    "qualifier_set",
    "source_of",
]
