"""Draws the diagrams and tables of docs/three-ways-to-call.md from those of the code: `python -m tools.diagrams`.

In the page, what lies between `<!-- drawn: NAME -->` and `<!-- /drawn -->` is written anew; the rest is left alone.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from pathlib import Path
from typing import Final

from openwmi.operation import CallFlags
from openwmi.operation.states import CALL, SINK, SinkState, State, Step
from openwmi.session.modes import RULES, CallRule, Gives, Results

PAGE: Final = Path(__file__).parents[1] / "docs" / "three-ways-to-call.md"


def state_diagram(steps: Iterable[Step], first: Enum, last: Enum) -> str:
    """A table of steps as a Mermaid diagram, one arrow for all events that lead the same way."""
    arrows: dict[tuple[Enum, Enum], list[str]] = {}
    for step in steps:
        label = f"{step.event} → {step.note}" if step.note else step.event
        arrows.setdefault((step.before, step.after), []).append(label)
    lines = ["```mermaid", "stateDiagram-v2", f"    [*] --> {first.name}"]
    for (before, after), labels in arrows.items():
        lines.append(f"    {before.name} --> {after.name}: {'<br>'.join(labels)}")
    return "\n".join([*lines, f"    {last.name} --> [*]", "```"])


def modes_table() -> str:
    """Each call of IWbemServices, and by which methods it is made."""
    lines = ["| call | synchronous | semisynchronous | asynchronous | flags |", "|---|---|---|---|---|"]
    for name, rule in RULES.items():
        if rule.results is Results.PUSHED:
            continue
        pushed = RULES.get(f"{name}Async")
        # One that must return at once cannot be waited for.
        waited = "" if CallFlags.RETURN_IMMEDIATELY in rule.needed else name
        held = "IWbemCallResult" if rule.results is Results.ONE else "IEnumWbemClassObject"
        lines.append(f"| {name} | {waited} | {held} | {pushed.method if pushed else ''} | {_flags(rule, pushed)} |")
    return "\n".join(lines)


def getters_table() -> str:
    """What each call leaves for the getters of IWbemCallResult."""
    getters = {Gives.OBJECT: "GetResultObject", Gives.STRING: "GetResultString", Gives.SERVICES: "GetResultServices"}
    lines = [f"| call | GetCallStatus | {' | '.join(getters.values())} |", "|---|---|---|---|---|"]
    for rule in RULES.values():
        if rule.results is Results.ONE:
            cells = (gives.value if rule.gives is gives else "" for gives in getters)
            lines.append(f"| {rule.method} | its status | {' | '.join(cells)} |")
    return "\n".join(lines)


def _flags(rule: CallRule, pushed: CallRule | None) -> str:
    allowed = (rule.flags | (pushed.flags if pushed else CallFlags.NONE)) & ~CallFlags.RETURN_IMMEDIATELY
    names = [f"{flag.name}{'*' if flag in rule.needed else ''}" for flag in allowed]
    names += [str(flag.name) for flag in rule.changes]
    return ", ".join([*names, "SHALLOW"] if rule.has_shallow else names)


DRAWINGS: Final[Mapping[str, Callable[[], str]]] = {
    "call": lambda: state_diagram(CALL, State.STARTING, State.FINISHED),
    "getters": getters_table,
    "modes": modes_table,
    "sink": lambda: state_diagram(SINK, SinkState.UNTOUCHED, SinkState.GONE),
}


def drawn(page: str) -> str:
    """The page with all its drawings as the code is now. KeyError for a drawing that nobody knows."""
    return re.sub(
        r"(<!-- drawn: ([\w-]+) -->\n).*?(<!-- /drawn -->)",
        lambda found: f"{found[1]}{DRAWINGS[found[2]]()}\n{found[3]}",
        page,
        flags=re.DOTALL,
    )


def main() -> None:
    """Writes the page."""
    before = PAGE.read_text(encoding="utf-8")
    after = drawn(before)
    PAGE.write_text(after, encoding="utf-8")
    sys.stderr.write(f"{PAGE.name}: {'as it was' if after == before else 'drawn anew'}\n")


if __name__ == "__main__":
    main()
