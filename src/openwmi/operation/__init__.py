"""A management call is an Operation: objects in order, progress in between, then exactly one final status.

It is one object, and there are three ways to look at it:

    rows = await ns.query("SELECT …")             synchronous: wait
    call = ns.get("Win32_Service.Name='ssh'")     semisynchronous: it runs; hold it,
    status = await call.status(timeout=0.5)       poll it, collect the result later
    ns.with_sink(sink).query("SELECT …")          asynchronous: objects and status are pushed to a sink

Read in this order:

    states      the states of a call and of its sink, as tables
    results     the life of a call, and its producer's end: begin, put, report, finish, fail
    stream      objects forgotten as they are read: a bounded backlog, the producer waits
    kept        objects that can be read again; beyond a limit they go to disk (spool)
    single      the result of a call that has one
    cursor      a consumer's place in them: next, skip, reset, clone, close
    enumeration a cursor for several callers at once, in turn, and for sinks that ask for so many objects
    operation   the call itself: await, status, cancel, deliver
    sink        what receives a call's objects when it is pushed
    delivery    the pump between the two, and the table by which a sink's calls are cancelled
    context     who calls, by when, with which flags
    record      what the log says of code that failed
    timers      one timer source per loop; threads: where code that may block runs
    waithandle  the end of a call for select and poll

The rules, each with a test of its own in tests/operation (pulled, pushed, parts; stress plays them at random):

    a call starts once, runs once and ends once; a call that could not start never touches its sink
    what was put first comes out first; nothing comes after the end
    a time-out loses nothing and may be repeated
    cancel returns at once and waits for nobody; whoever waits for the call learns CALL_CANCELLED
    one callback at a time, none after cancel, one final status, then the sink is let go
    the set is freed with its last cursor: a query is cancelled then, a call with one result goes on
    a slow reader makes the producer wait; a slow sink delays nobody but its own call

This room knows nothing of CIM, of queries or of the wire.
"""

from openwmi.operation.context import LOCAL, NO_VALUES, CallContext, CallFlags, Impersonation
from openwmi.operation.cursor import Batch, Cursor, let_go
from openwmi.operation.delivery import CallTable, Delivery
from openwmi.operation.enumeration import Enumeration
from openwmi.operation.kept import KeptResults
from openwmi.operation.operation import Operation
from openwmi.operation.results import Progress, ResultSet
from openwmi.operation.single import SingleResult
from openwmi.operation.sink import Sink
from openwmi.operation.states import State
from openwmi.operation.stream import StreamResults
from openwmi.operation.tasks import Group, start_apart
from openwmi.operation.threads import Workers
from openwmi.operation.waithandle import WaitHandle

__all__ = [
    "LOCAL",
    "NO_VALUES",
    "Batch",
    "CallContext",
    "CallFlags",
    "CallTable",
    "Cursor",
    "Delivery",
    "Enumeration",
    "Group",
    "Impersonation",
    "KeptResults",
    "Operation",
    "Progress",
    "ResultSet",
    "SingleResult",
    "Sink",
    "State",
    "StreamResults",
    "WaitHandle",
    "Workers",
    "let_go",
    "start_apart",
]
