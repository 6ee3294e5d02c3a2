"""`openwmi repository`: the file in which what is put is kept."""

from __future__ import annotations

from pathlib import Path

import click

from openwmi.cli.failure import complain
from openwmi.cli.options import repository_option
from openwmi.cli.values import one_line
from openwmi.locator import default_repository
from openwmi.repository import maintenance

FAULTY = 1

EXAMPLES = """\b
Examples:
  openwmi repository check
  openwmi repository backup saved.db
  openwmi repository restore saved.db
  openwmi repository compact --repository demo.db
"""


@click.group("repository", epilog=EXAMPLES)
def command() -> None:
    """Checks, saves, restores and compacts the file in which what is put is kept.

    What comes with openwmi and what providers have is not in it.
    """


@command.command(short_help="Says what is wrong with it.")
@repository_option
def check(repository: Path | None) -> int:
    """Reads all of the file and says what is wrong, one line each; then the exit status is 1."""
    file = repository or default_repository()
    problems = maintenance.check(file)
    for problem in problems:
        complain(one_line(problem if str(file) in problem else f"{file}: {problem}"))
    if not problems:
        complain(one_line(f"{file} is sound"))
    return FAULTY if problems else 0


@command.command(short_help="Saves it in a file.")
@click.argument("to", metavar="FILE", type=click.Path(path_type=Path, readable=False))
@click.option("--overwrite", is_flag=True, help="If there is such a file, it is replaced.")
@repository_option
def backup(to: Path, overwrite: bool, repository: Path | None) -> None:
    """Saves the repository as it is now in FILE. Others may go on writing meanwhile."""
    file = repository or default_repository()
    maintenance.backup(file, to, overwrite=overwrite)
    complain(one_line(f"{file} is saved in {to}"))


@command.command(short_help="Makes it what was saved.")
@click.argument("source", metavar="FILE", type=click.Path(path_type=Path, readable=False))
@repository_option
def restore(source: Path, repository: Path | None) -> None:
    """Makes the repository what was saved in FILE, once that is found to be sound. What is in it now is lost."""
    file = repository or default_repository()
    aside = maintenance.restore(file, source)
    kept = "" if aside is None else f"; the damaged one is kept as {aside}"
    complain(one_line(f"{file} is now what {source} is{kept}"))


@command.command(short_help="Makes its file smaller.")
@repository_option
def compact(repository: Path | None) -> None:
    """Makes the file as small as what is in it."""
    file = repository or default_repository()
    before, after = maintenance.compact(file)
    complain(one_line(f"{file}: {before:,} octets before, {after:,} now"))
