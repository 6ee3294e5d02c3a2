"""`openwmi users`: who may log in to `openwmi serve`."""

from __future__ import annotations

import click

from openwmi.cli.failure import complain
from openwmi.cli.password import VARIABLE, read_password
from openwmi.cli.stream import standard_output
from openwmi.security import UsersFile, add_user, parse_account, remove_user

EXAMPLES = """\b
Examples:
  openwmi users add users.txt 'WORKGROUP\\me'
  openwmi users add users.txt me --password-file secret.txt
  openwmi users list users.txt
  openwmi users remove users.txt 'WORKGROUP\\me'
"""


@click.group("users", epilog=EXAMPLES)
def command() -> None:
    """Changes the file of users who may log in.

    The file holds the NT hash of each password, which is as good as the password: only its owner may read it.
    """


@command.command()
@click.argument("file", type=click.Path(dir_okay=False))
@click.argument("account", metavar="DOMAIN\\USER")
@click.option("--password-file", metavar="FILE", help="Whose first line is the password; - is standard input.")
def add(file: str, account: str, password_file: str | None) -> None:
    """Adds a user, or gives one a new password. The file is made if it is not there."""
    parse_account(account)  # before anybody types a password for nothing
    password = read_password(f"Password of {account}: ", password_file, confirm=True)
    if not password:
        raise click.UsageError(f"the password is empty (from {password_file or VARIABLE}): it would let everybody in")
    verb = "added to" if add_user(file, account, password) else "has a new password in"
    complain(f"{account} {verb} {file}")


@command.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@click.argument("account", metavar="DOMAIN\\USER")
def remove(file: str, account: str) -> None:
    """Takes a user out."""
    if not remove_user(file, account):
        raise click.UsageError(f"{account} is not in {file}")
    complain(f"{account} removed from {file}")


@command.command("list")
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
def list_(file: str) -> None:
    """Prints the users, one a line."""
    out = standard_output()
    for user in UsersFile(file):
        out.write(f"{user.principal}\n")
    out.flush()
