"""`openwmi providers`: who serves which class of this machine."""

from __future__ import annotations

import logging

import click

from openwmi.cli.failure import complain
from openwmi.cli.output import ROW_FORMATS, writer_for
from openwmi.cli.records import Record
from openwmi.cli.stream import standard_output
from openwmi.cli.values import one_line
from openwmi.providers.listing import listed

EXAMPLES = """\b
Examples:
  openwmi providers list
  openwmi providers list --format csv
"""


@click.group("providers", epilog=EXAMPLES)
def command() -> None:
    """Lists what serves the classes of this machine.

    A package that is installed beside openwmi adds providers by entry points in the group 'openwmi.providers'.
    """


@command.command("list", short_help="Lists the providers.")
@click.option(
    "--format",
    "format_",
    type=click.Choice(ROW_FORMATS),
    help="How to print rows.  [default: on a terminal table, else jsonl]",
)
def list_(format_: str | None) -> None:
    """Lists the providers by class: what each serves and carries out, and the package that it comes with.

    Each is loaded for this. One that cannot be used says why in the column Problem, and on standard error.
    """
    logging.getLogger("openwmi").addHandler(logging.NullHandler())
    out = standard_output()
    writer = writer_for(format_ or ("table" if out.is_terminal else "jsonl"), out)
    for each in listed():
        values = {
            "Class": each.class_name,
            "Namespace": each.namespace,
            "Provider": each.provider,
            "From": each.origin,
            "Methods": each.methods or None,
            "Problem": each.problem or None,
        }
        writer.write([Record(None, values)])
        if each.problem:
            complain(one_line(f"{each.provider} of {each.origin}: {each.problem}"))
    writer.close()
