"""`openwmi doctor`: why another machine does not let us in, or is slow, and what to do about it."""

from __future__ import annotations

import asyncio
import json
import logging
import textwrap
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Literal

import click

from openwmi import __version__
from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.cli.access import Access, access_options
from openwmi.cli.failure import DONE, FAILED, NO_ENTRY
from openwmi.cli.options import Seconds
from openwmi.cli.stream import Out, standard_output
from openwmi.cli.values import one_line
from openwmi.client import Credentials
from openwmi.client.doctor import Finding, Status, Visit, examine, report_of, shut_out
from openwmi.model import parse_namespace
from openwmi.net import Address

WIDTH: Final = 100
INDENT: Final = " " * 24


@click.command("doctor")
@access_options
@click.option("--namespace", metavar="NS", default=r"root\cimv2", show_default=True, help="The namespace to enter.")
@click.option(
    "--timeout",
    type=Seconds(min=0, min_open=True),
    metavar="SECONDS",
    help="How long a check may take at most.  [default: each has a time of its own, of 5 to 30 seconds]",
)
@click.option(
    "--callbacks",
    type=click.Choice(["auto", "never"]),
    default="auto",
    show_default=True,
    help="Whether the machine is asked to call us back.",
)
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option(
    "--report",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Writes what was found as JSON, without a name or a value: to be posted.",
)
@click.option("--names", is_flag=True, help="Host, user, addresses and texts are in the report, too.")
def command(
    access: Access,
    namespace: str,
    timeout: float | None,
    callbacks: Literal["auto", "never"],
    format_: str,
    report: Path | None,
    names: bool,
) -> int:
    """Looks at another machine step by step: what works, what does not and what is slow, and what to do about it.

    One machine at a time. Nothing is written over there. Exit status: 0 all is well; 1 a check failed; 2 wrong usage;
    3 the machine cannot be reached, or lets nobody in.

    \b
    Examples:
      openwmi doctor --host winbox --user 'WINBOX\\me'
      openwmi doctor --host winbox --user 'WINBOX\\me' --report report.json
    """
    logging.getLogger("openwmi").addHandler(logging.NullHandler())
    if names and report is None:
        raise click.UsageError("--names is of the report: give --report FILE, too")
    visit = _visit(access, namespace, timeout, callbacks)
    if report is not None:
        _write(report, "", "a")  # whoever waited for all checks should not hear only then that it cannot be
    findings = _examined(visit, format_)
    if report is not None:
        document = report_of(visit, findings, version=__version__, names=names)
        _write(report, json.dumps(document, indent=2) + "\n", "w")
    if shut_out(findings):
        return NO_ENTRY
    return FAILED if any(each.status is Status.FAILED for each in findings) else DONE


def _visit(access: Access, namespace: str, timeout: float | None, callbacks: Literal["auto", "never"]) -> Visit:
    (target, *others) = access.targets(namespace)
    if target.host is None:
        raise click.UsageError("the doctor looks at other machines: name one with --host")
    if others:
        raise click.UsageError("the doctor looks at one machine at a time: name one")
    login = access.login()
    _, name = parse_namespace(namespace)
    credentials = Credentials(login.user, login.password)
    return Visit(Address(target.host, target.port), credentials, name, timeout=timeout, callbacks=callbacks)


def _examined(visit: Visit, format_: str) -> list[Finding]:
    out = standard_output()
    if format_ == "json":
        findings = asyncio.run(examine(visit))
        # To a reader of ours all is told: it is the report that goes to strangers.
        document = report_of(visit, findings, version=__version__, names=True)
        out.write(json.dumps(document, indent=2, ensure_ascii=not out.knows_unicode) + "\n")
    else:
        out.write(one_line(f"{visit.where}, {visit.namespace}") + "\n")
        out.flush()
        page = _Page(out)
        findings = asyncio.run(examine(visit, page.show))
        page.close(findings)
    out.flush()
    return findings


class _Page:
    """Findings for a person, each when it comes; those that are skipped for one reason are one line."""

    def __init__(self, out: Out) -> None:
        self._out = out
        self._skipped: dict[str, list[str]] = {}

    def show(self, finding: Finding) -> None:
        """One more."""
        if finding.status is Status.SKIPPED and not finding.todo:
            self._skipped.setdefault(finding.text, []).append(finding.check)
            return
        took = "" if finding.seconds is None else f" ({1000 * finding.seconds:.0f} ms)"
        self._write(f"  {finding.status:<8}{finding.check:<12}", f"{finding.text}{took}")
        if finding.todo:
            self._write(f"{INDENT[:-2]}> ", finding.todo)
        self._out.flush()

    def close(self, findings: Sequence[Finding]) -> None:
        """There are no more."""
        for reason, names in self._skipped.items():
            self._write(f"  {Status.SKIPPED:<8}", f"{', '.join(names)}: {reason}")
        counts = Counter(each.status for each in findings)
        self._out.write(", ".join(f"{counts[status]} {status}" for status in Status if counts[status]) + "\n")

    def _write(self, first: str, text: str) -> None:
        width = max(self._out.width or WIDTH, 2 * len(INDENT))
        begin = f"{first:<{len(INDENT)}}"
        lines = textwrap.wrap(
            one_line(text), width, initial_indent=begin, subsequent_indent=INDENT, break_on_hyphens=False
        )
        self._out.write("\n".join(lines) + "\n")


def _write(file: Path, text: str, mode: Literal["a", "w"]) -> None:
    try:
        with file.open(mode, encoding="utf-8") as report:
            report.write(text)
    except OSError as error:
        raise WbemError(WbemStatus.FAILED, f"the report cannot be written to {file}: {error.strerror}") from None
