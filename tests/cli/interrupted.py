"""A program for the tests: the command line over a provider that hangs, and says so once it does."""

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
    vars(running)["connect"] = Machine(Rows(hang)).connect
    raise SystemExit(main())
