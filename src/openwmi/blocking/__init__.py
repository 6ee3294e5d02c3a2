"""openwmi without asyncio: the same verbs, which wait; for threads, notebooks and programs that have no event loop.

    with openwmi.blocking.connect() as ns:
        system = ns.get("Win32_OperatingSystem=@")            waits, and returns the object
        rows = ns.query("SELECT * FROM Win32_Process")        waits, and returns the list of all
        call = ns.begin.query("SELECT * FROM Win32_Process")  returns an Operation at once: iterate, poll, cancel
        for event in ns.events("SELECT …"): …                 an Operation too, since events have no end
        ns.with_sink(sink).query("SELECT …")                  pushes objects and status to a sink, on its thread

Read in this order:

    runner      one event loop on a thread of its own, and how a thread asks it
    jobs        what is handed over, and how whoever waits hears of its end
    thread      the thread; watch: how it waits
    operation   a call that was begun
    face        what the verbs stand on
    namespace   the verbs, generated from the async API

The rules, each with a test in tests/blocking:

    a blocking call waits with a lock, and holds nothing else meanwhile; any thread may make it
    one that is made on the loop's own thread raises LocalProtocolError, and says what to do
    a time-out loses nothing; a KeyboardInterrupt cancels the call that was waited for, and the loop goes on
    a sink's ordinary methods may make blocking calls, since they run on a thread of the sink's own
    the child of a fork connects anew; what was made before the fork says so
    the interpreter's end waits for puts, so long as EXIT_SECONDS, and for nothing else
    a finalizer only posts to the loop
"""

from openwmi.blocking.namespace import Begin, Namespace, connect
from openwmi.blocking.operation import Cursor, Operation

__all__ = ["Begin", "Cursor", "Namespace", "Operation", "connect"]
