"""What generated modules import."""

from typing import Unpack

from openwmi.wsd.eventing.subscription import Subscribing, Subscription
from openwmi.wsd.wsdl.contract import PortType, WsdlOperation
from openwmi.wsd.wsdl.hosting import ContractService
from openwmi.wsd.wsdl.proxy import Proxy
from openwmi.wsd.wsdl.shapes import Any, Attribute, Element, Facets, Group, Nil, Repeated, Simple
from openwmi.wsd.wsdl.texts import Duration
from openwmi.wsd.wsdl.types import Binary, Types

__all__ = [
    "Any",
    "Attribute",
    "Binary",
    "ContractService",
    "Duration",
    "Element",
    "Facets",
    "Group",
    "Nil",
    "PortType",
    "Proxy",
    "Repeated",
    "Simple",
    "Subscribing",
    "Subscription",
    "Types",
    "Unpack",
    "WsdlOperation",
]
