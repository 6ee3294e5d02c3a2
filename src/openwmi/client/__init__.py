"""The client's end of WMI over the wire: the verbs of a session, carried out by another machine ([MS-WMI] 3.2).

    session = await open_session(r"root\\cimv2", where=Address("srv1", 135), credentials=Credentials("DOM\\\\me", "…"))

Read in this order:

    credentials  who logs in
    opening      a namespace of a machine -> a RemoteSession
    link         the connections to the machine and what is held there; made anew when they are lost
    session      the verbs, as calls on one namespace
    asking       what they all ask with, and the classes that they need
    changing     put, delete and call: what changes the machine
    mofs         MOF, which is compiled here
    waiting      how long a server may take to answer
    failures     what a failure over there is called here
    enumerating  rows, in batches that grow, one of them ahead of its reader
    results      calls with one result: at once, or by an IWbemCallResult
    pushed       calls with a sink: asynchronous ones, where the server can call us back
    wiresink     what it calls
    sinkhost     where: an exporter for each address of ours, and a resolver at port 135
    doctor       why a machine does not let us in, or is slow, step by step

It implements `openwmi.session.Session`: whatever takes a session takes this one, and does not know the difference.
"""

from openwmi.client.credentials import Credentials
from openwmi.client.opening import open_session
from openwmi.client.session import RemoteSession

__all__ = ["Credentials", "RemoteSession", "open_session"]
