"""`openwmi associators`."""

from __future__ import annotations

import click

from openwmi.cli.options import Settings, shared
from openwmi.cli.output import TABLE_OR_LIST
from openwmi.cli.running import Caller, run

_OF_ASSOCIATORS = ("assoc_class", "result_role", "required_assoc_qualifier")


@click.command("associators")
@click.argument("path")
@click.option("--references", is_flag=True, help="Prints the associations themselves, as REFERENCES OF does.")
@click.option("--assoc-class", metavar="CLASS", help="Only through associations of this class.")
@click.option("--result-class", metavar="CLASS", help="Only results of this class.")
@click.option("--role", metavar="PROPERTY", help="By which the association refers to PATH.")
@click.option("--result-role", metavar="PROPERTY", help="By which the association refers to the result.")
@click.option("--required-qualifier", metavar="NAME", help="What the class of the result must have.")
@click.option("--required-assoc-qualifier", metavar="NAME", help="What the class of the association must have.")
@click.option("--class-defs-only", is_flag=True, help="Prints the classes of the results.")
@click.option("--keys-only", is_flag=True, help="Prints nothing but the keys.")
@click.option("--schema-only", is_flag=True, help="PATH is a class: prints the classes that may be linked with it.")
@shared("on a terminal table, or list if that does not fit; else jsonl")
def command(
    settings: Settings,
    /,
    path: str,
    references: bool,
    **conditions: str | bool | None,
) -> None:
    """Prints the objects that associations link with the one at PATH: what ASSOCIATORS OF finds.

    \b
    Examples:
      openwmi associators 'Demo_Shelf.Name="a"'
      openwmi associators 'Demo_Shelf.Name="a"' --assoc-class Demo_StandsOn
      openwmi associators 'Demo_Shelf.Name="a"' --references
      openwmi associators Demo_Shelf --schema-only
    """
    given = {name: value for name, value in conditions.items() if value}
    unfit = [name for name in _OF_ASSOCIATORS if references and name in given]
    if unfit:
        raise click.UsageError(f"--{unfit[0].replace('_', '-')} is nothing that --references has")

    async def work(caller: Caller) -> None:
        if references:
            await caller.show(lambda ns: ns.references(path, **given))  # type: ignore[arg-type]  # names as its options
        else:
            await caller.show(lambda ns: ns.associators(path, **given))  # type: ignore[arg-type]  # likewise
        if not caller.writer.count:
            caller.writer.note(f"nothing {'refers to' if references else 'is linked with'} {path}")

    run(settings, work, on_terminal=TABLE_OR_LIST)
