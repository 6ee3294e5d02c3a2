"""The group of commands: finds the module of a command when it is asked for, and turns errors into exit statuses."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Final

import click

from openwmi import __version__
from openwmi.base.error import WbemError
from openwmi.cli.failure import (
    DONE,
    FAILED,
    INTERRUPTED,
    USAGE,
    NoEntry,
    SomeFailed,
    complain,
    exit_status,
    line_of,
)
from openwmi.cli.stream import CannotWrite, ClosedPipe

COMMANDS: Final = {
    "query": ("openwmi.cli.query", "Prints the instances that a query selects."),
    "get": ("openwmi.cli.get", "Prints the instance at a path."),
    "watch": ("openwmi.cli.watch", "Prints events as they happen."),
    "associators": ("openwmi.cli.associators", "Prints what is linked with an object."),
    "put": ("openwmi.cli.put", "Creates or updates instances."),
    "delete": ("openwmi.cli.delete", "Deletes instances, classes and namespaces."),
    "call": ("openwmi.cli.call", "Runs a method."),
    "classes": ("openwmi.cli.classes", "Lists the classes."),
    "describe": ("openwmi.cli.describe", "Prints a class: its properties and methods."),
    "namespaces": ("openwmi.cli.namespaces", "Lists the namespaces."),
    "providers": ("openwmi.cli.providers", "Lists who serves which class."),
    "mof": ("openwmi.cli.mof", "Compiles, checks and exports MOF."),
    "repository": ("openwmi.cli.repository", "Checks, saves, restores and compacts what was put."),
    "serve": ("openwmi.cli.serve", "Serves this machine's WMI to other people's clients."),
    "resolver": ("openwmi.cli.resolver", "Tells other machines where this one's programs are called back."),
    "wsd": ("openwmi.cli.wsd", "Finds devices on the network, and makes this one visible."),
    "doctor": ("openwmi.cli.doctor", "Says why another machine does not let us in, or is slow."),
    "users": ("openwmi.cli.users", "Changes the file of users who may log in to 'serve'."),
}
"""Of each command the module, whose `command` is the click command, and its line in `--help`, in that order."""

EXAMPLES: Final = """\b
Examples:
  openwmi query "SELECT Name, ProcessId FROM Win32_Process"
  openwmi get Win32_OperatingSystem=@
  openwmi describe Win32_Process
  openwmi COMMAND --help
"""


class LazyGroup(click.Group):
    """A group whose commands are loaded when they are used: each start pays for one of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - the signature is click's
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - likewise
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(COMMANDS[cmd_name][0]).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - likewise
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


@click.group(cls=LazyGroup, epilog=EXAMPLES, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="openwmi", message="%(prog)s %(version)s")
def commands() -> None:
    """Asks this machine about itself, or others with --host, the WMI way: classes, instances, and methods of both.

    Rows go to standard output, everything else to standard error. Exit status: 0; 1 the operation failed; 2 wrong
    usage; 3 the machine cannot be reached or refused the login; 130 interrupted.
    """


def run(arguments: Sequence[str] | None = None) -> int:
    """Runs a command; returns the exit status. A failure is one line on standard error."""
    try:
        result = commands.main(None if arguments is None else list(arguments), "openwmi", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return USAGE
    except click.Abort:
        return INTERRUPTED
    except (ClosedPipe, SystemExit):  # click leaves by the second where the reader of its help has gone
        return DONE  # whoever read has had enough
    except CannotWrite as error:
        complain(str(error))
        return FAILED
    except SomeFailed as failed:
        return failed.status
    except (NoEntry, WbemError) as error:
        complain(line_of(error))
        return exit_status(error)
    return result if isinstance(result, int) else DONE
