"""WMI's server end: any Session's namespaces, served over DCOM to other people's clients ([MS-WMI] 3.1).

    resolver      the resolver of a machine alone, for its other processes
    host          what listens, and everything it consists of
    login         IWbemLevel1Login: a user becomes an IWbemServices
    services      IWbemServices: one user's calls on one namespace
    contexts      who calls, in which language and with what
    callresult    IWbemCallResult
    sinks         the client's IWbemObjectSink, which is called, and the server's, to which events are given
    callbacks     where clients' sinks are: reached, held and pinged
    enumerators   IEnumWbemClassObject, and the smart enumerator that sends each class once
    allowance     what a user may leave open
    observing     what the server's owner may see of it: sessions, and their calls as they end
    objects       CIM objects as interface pointers
    shared        what all users of a server share
    pauses        Python's collector, and those who wait for it

The one room that speaks both CIM and the wire, and translates. What a call means, the engine knows; in which order
octets go, the rooms below.
"""

from openwmi.server.callbacks import CallbackPolicy
from openwmi.server.host import OpenPort, Server
from openwmi.server.observing import Ended, Observer, Visit
from openwmi.server.pauses import short_pauses
from openwmi.server.resolver import ResolverHost

__all__ = ["CallbackPolicy", "Ended", "Observer", "OpenPort", "ResolverHost", "Server", "Visit", "short_pauses"]
