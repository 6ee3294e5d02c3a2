"""A program for the tests: the command line over a provider that hangs, and says so once it does."""

import signal
import sys
import threading
from collections.abc import Iterator

from tests.cli.fakes import Machine, Rows

from openwmi.cli import main, running
from openwmi.engine import Row


def hang() -> Iterator[Row]:
    yield {"Name": "Bob"}
    sys.stderr.write("hanging\n")
    sys.stderr.flush()
    threading.Event().wait()


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # what runs in the background of a shell ignores it
    vars(running)["connect"] = Machine(Rows(hang)).connect
    raise SystemExit(main())
