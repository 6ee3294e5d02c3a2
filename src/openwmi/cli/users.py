"""`openwmi users`: who may log in to `openwmi serve`."""

from __future__ import annotations

from pathlib import Path

import click

from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.cli.failure import complain
from openwmi.cli.password import read_password
from openwmi.cli.stream import standard_output
from openwmi.security import UsersFile, add_user, parse_account, parse_nt_hash, remove_user

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
@click.argument("file", type=click.Path())
@click.argument("account", metavar="DOMAIN\\USER")
@click.option("--password-file", metavar="FILE", help="Whose first line is the password; - is standard input.")
@click.option("--nt-hash", is_flag=True, help="What is read is the NT hash of the password, 32 hexadecimal digits.")
def add(file: str, account: str, password_file: str | None, nt_hash: bool) -> None:
    """Adds a user, or gives one a new password. The file is made if it is not there."""
    parse_account(account)  # these two before anybody types a password for nothing
    if Path(file).exists():
        UsersFile(file)
    kind = "NT hash" if nt_hash else "Password"
    read = read_password(f"{kind} of {account}: ", password_file, confirm=True)
    new = add_user(file, account, parse_nt_hash(read.strip()) if nt_hash else read)
    verb = "added to" if new else "has a new password in"
    complain(f"{account} {verb} {file}")


@command.command()
@click.argument("file", type=click.Path())
@click.argument("account", metavar="DOMAIN\\USER")
def remove(file: str, account: str) -> None:
    """Takes a user out."""
    if not remove_user(file, account):
        raise WbemError(WbemStatus.NOT_FOUND, f"{account} is not in {file}; 'openwmi users list' shows who is")
    complain(f"{account} removed from {file}")


@command.command("list")
@click.argument("file", type=click.Path())
def list_(file: str) -> None:
    """Prints the users, one a line."""
    out = standard_output()
    for user in UsersFile(file):
        out.write(f"{user.principal}\n")
    out.flush()
