"""Contracts of services (WSDL 1.1, XML Schema) -> typed messages, proxies and hosts.

    documents    files, and what they import; definitions: messages and port types; schema: types, by `xmlschema`
    shapes       what messages look like, as plain data; shaping: types -> shapes
    texts, simple, patterns    texts <-> values
    encoding, decoding         shapes, compiled; types: the classes of values, and their codecs
    contract     port types and operations; wsdl: all of it together; proxy, hosting: both ends of a service
    codegen      a module of Python for a contract; generated: what such a module imports

It needs xmlschema only where a WSDL is read: a generated module does not.
"""

from openwmi.wsd.wsdl.contract import PortType, WsdlOperation
from openwmi.wsd.wsdl.texts import Duration
from openwmi.wsd.wsdl.types import Binary, Codec, Types, read_octets
from openwmi.wsd.wsdl.wsdl import Wsdl, load_wsdl

__all__ = ["Binary", "Codec", "Duration", "PortType", "Types", "Wsdl", "WsdlOperation", "load_wsdl", "read_octets"]
