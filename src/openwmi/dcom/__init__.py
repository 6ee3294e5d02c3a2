"""The DCOM runtime ([MS-DCOM] 3): objects of this process that others call, over octets that `openwmi.rpc` understands.

    caller       who makes the call that is being carried out
    record       what the log says of peers and of bugs
    served       what can be exported, and which interfaces it has
    dispatch     a request's stub -> the declared call -> the reply's stub
    exporter     the objects that clients hold
    remunknown   IRemUnknown: how clients hold and release them
    resolver     IObjectExporter: where an exporter is reached, and pings
    mapper       the endpoint mapper: at what port an interface is
    registry     the exporters of other processes, that share this one's resolver over a Unix socket
    registration the other end of that
    activation   a class named by a client -> a new object
    ends         the addresses of a connection
    endpoint     the connections of a port, and which object or service a call is for
    connection   one of them, as an asyncio.Protocol
    eager        calls that begin at once, and become tasks only if they wait
    channel      the other end: a client's connection
    proxy        an object over there, as its interface
    resolution   from a reference to a channel that reaches its object
    route        the ways to an exporter
    ladder       the same at the highest level of protection that is taken
    pool         connections to it, in one association group
    remote       its objects, and what we hold of them
    pinger       tells its resolver what we hold
    machine      all of that, and activation

A server, whole:

    exporter = Exporter([host_name], lambda: port)
    classes = ClassTable(exporter, {CLSID_Lamp: Lamp})                         # class Lamp(Served, ILamp): …
    services = [Resolver(exporter), Activator(classes), OldActivator(classes)]
    endpoint = Endpoint(exporter, services, [ILamp], lambda peer: Logins(users, names, peer=peer))
    await loop.create_server(endpoint, "127.0.0.1", port)

This room never hears of CIM, and knows of users only that something answers for their tokens.
"""

from openwmi.dcom.activation import Activator, ClassTable, OldActivator
from openwmi.dcom.caller import Caller, callers_own, current_caller
from openwmi.dcom.channel import Channel
from openwmi.dcom.connection import Connection
from openwmi.dcom.dispatch import ErrorInformation
from openwmi.dcom.endpoint import LEGACY_LEVELS, Endpoint
from openwmi.dcom.exporter import Exporter
from openwmi.dcom.ladder import Ladder
from openwmi.dcom.machine import Machine
from openwmi.dcom.mapper import EndpointMapper
from openwmi.dcom.pinger import Pinger
from openwmi.dcom.pool import Pool
from openwmi.dcom.proxy import proxy
from openwmi.dcom.registration import ForwardedPings, Registration
from openwmi.dcom.registry import Registry
from openwmi.dcom.remote import RemoteExporter
from openwmi.dcom.resolution import reach, resolve
from openwmi.dcom.resolver import Resolver
from openwmi.dcom.route import Means, Route
from openwmi.dcom.served import Served, partial

__all__ = [
    "LEGACY_LEVELS",
    "Activator",
    "Caller",
    "Channel",
    "ClassTable",
    "Connection",
    "Endpoint",
    "EndpointMapper",
    "ErrorInformation",
    "Exporter",
    "ForwardedPings",
    "Ladder",
    "Machine",
    "Means",
    "OldActivator",
    "Pinger",
    "Pool",
    "Registration",
    "Registry",
    "RemoteExporter",
    "Resolver",
    "Route",
    "Served",
    "callers_own",
    "current_caller",
    "partial",
    "proxy",
    "reach",
    "resolve",
]
