"""Events: what happens in a namespace, told to those who asked for it ([MS-WMI] 3.1.6.1; SDK, "Monitoring Events").

    hub            subscribe, emit; what the repository has written
    space          one namespace: who subscribed, what is polled for them, its timers
    wanted         what a notification query asks for, or why it is refused
    bindings       the EventBindingTable: subscriptions by class of events
    subscription   one row of it; queue: what its reader has not read; access: what it may see
    objects        the events themselves
    poll           one poll for all who want the same; what is polled:
    provided           instances that providers have
    stored             what is stored, since other programs may write it; structure: classes and namespaces
    snapshot           instances as they were
    timers         timer instructions
    extrinsic      events that somebody sends

An event comes from one of four places: a commit of this process (`Repository.watch`), a poll that found a difference, a
timer, or somebody who sends it.
"""

from openwmi.engine.events.hub import Hub

__all__ = ["Hub"]
