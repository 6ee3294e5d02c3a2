"""Web Services for Devices: finding devices on the links of this machine, and being found.

    messages     what discovery says, in either profile
    matching     which devices a Probe means: types, and the rules for scopes
    target       a device's side of discovery; client: the other side. State machines: time and chance are passed in
    outbox       delays and copies; guard: what keeps a device from being used against others
    device       what a client knows of a device
    addresses    where devices listen, and which of their addresses to trust
    courier      their skin: sockets and a timer; search: find, resolve and watch, as Operations
    metadata     what a device says of itself; calling: one message over HTTP, and its answer
    endpoint     calls of a device or service, as Operations; attachments: what travels beside them
    eventing     what services tell those who have subscribed (WS-Eventing)
    service      a service of our own, and a request as it sees it; hosting: where services are, and their answers
    wsdl         contracts of services: typed messages, clients and services from a WSDL, or a module made of one
    login        who a client is, and who is let in
    host         a device of our own; computer: this machine as one; identity: who it stays
    scanner      a scanner whose tray is a folder

Needs lxml, h11, and xmlschema where a WSDL is read (the extra `wsd`); the scanner needs Pillow, too. It knows nothing
of CIM.
"""

from openwmi.soap import DPWS_2006, DPWS_2009, Metadata, Profile, QName
from openwmi.wsd.addresses import usable_xaddrs
from openwmi.wsd.attachments import Attachments, Outbound
from openwmi.wsd.calling import Faulted
from openwmi.wsd.client import Client, Search
from openwmi.wsd.computer import COMPUTER, Computer, this_computer
from openwmi.wsd.device import Device, Event, Found, Gone, Updated
from openwmi.wsd.endpoint import Endpoint, Reply
from openwmi.wsd.eventing.happenings import (
    Ended,
    ExpirationRefused,
    FilterRefused,
    Lease,
    Notification,
    RenewalFailed,
    RenewalRefused,
    Renewed,
    StatusEvent,
    SubscriptionEnded,
    SubscriptionRefused,
)
from openwmi.wsd.eventing.receiver import Receiver
from openwmi.wsd.eventing.subscription import Subscription, subscribe
from openwmi.wsd.host import Host
from openwmi.wsd.identity import Identity, held_identity, start_identity
from openwmi.wsd.login import Account, LoginGate
from openwmi.wsd.matching import Rule
from openwmi.wsd.metadata import metadata, metadata_at
from openwmi.wsd.search import find, resolve, watch
from openwmi.wsd.service import Call, Handler, Service
from openwmi.wsd.target import Announced, Target
from openwmi.wsd.wsdl import Duration, Wsdl, load_wsdl, read_octets

__all__ = [
    "COMPUTER",
    "DPWS_2006",
    "DPWS_2009",
    "Account",
    "Announced",
    "Attachments",
    "Call",
    "Client",
    "Computer",
    "Device",
    "Duration",
    "Ended",
    "Endpoint",
    "Event",
    "ExpirationRefused",
    "Faulted",
    "FilterRefused",
    "Found",
    "Gone",
    "Handler",
    "Host",
    "Identity",
    "Lease",
    "LoginGate",
    "Metadata",
    "Notification",
    "Outbound",
    "Profile",
    "QName",
    "Receiver",
    "RenewalFailed",
    "RenewalRefused",
    "Renewed",
    "Reply",
    "Rule",
    "Search",
    "Service",
    "StatusEvent",
    "Subscription",
    "SubscriptionEnded",
    "SubscriptionRefused",
    "Target",
    "Updated",
    "Wsdl",
    "find",
    "held_identity",
    "load_wsdl",
    "metadata",
    "metadata_at",
    "read_octets",
    "resolve",
    "start_identity",
    "subscribe",
    "this_computer",
    "usable_xaddrs",
    "watch",
]
