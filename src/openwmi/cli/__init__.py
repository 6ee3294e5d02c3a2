"""The command line: `openwmi COMMAND`.

Rows go to standard output, everything else to standard error. Exit status: 0; 1 the operation failed; 2 usage;
3 unreachable, or the login was refused; 130 interrupted.

A command is a module of its own here, named in the table of `openwmi.cli.commands` and loaded when it is asked for.
Nobody imports this room. Commands that ask know the verbs of a Namespace, and nothing of engines or wires; only those
know more that serve (`serve`, `resolver`, `users`), look into the wire (`doctor`) or into the file of what was put
(`repository`), or speak to devices (`wsd`).
"""

from __future__ import annotations

from collections.abc import Sequence

INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command and returns the exit status; `arguments` are those of the process where none are given."""
    try:
        from openwmi.cli.commands import run  # noqa: PLC0415 - so that Ctrl-C is quiet while modules are loaded, too

        return run(arguments)
    except KeyboardInterrupt:
        return INTERRUPTED
