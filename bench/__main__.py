"""Measures every figure and prints a line for each; exit status 1 if one falls short of its goal.

`python -m bench operations where` measures those of these modules only.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from pkgutil import iter_modules

import bench
from bench.figure import Absent, Figure


def figures(wanted: Sequence[str]) -> list[Figure]:
    """Those of the modules that are wanted, or of all, in the order of their names."""
    modules = sorted(found.name for found in iter_modules(bench.__path__) if not found.name.startswith("_"))
    unknown = set(wanted) - set(modules)
    if unknown:
        sys.exit(f"there is no bench/{unknown.pop()}.py: there are {', '.join(modules)}")
    return [
        figure
        for module in modules
        if not wanted or module in wanted
        for figure in getattr(import_module(f"bench.{module}"), "FIGURES", ())
    ]


def main(wanted: Sequence[str]) -> int:
    measured = figures(wanted)
    wide, wide_peer = (
        max(map(len, names)) for names in zip(*((each.name, each.peer) for each in measured), strict=True)
    )
    line = f"{{:<{wide}}}  {{:<{wide_peer}}}  {{:>8}} {{:>8}} {{:<3}} {{:>7}}  {{:<8}} {{}}"
    print(line.format("figure", "peer", "ours", "peer", "", "ratio", "goal", ""))
    short = 0
    for figure in measured:
        try:
            ours, peer = figure.measure()
        except Absent as reason:
            print(f"{figure.name:<{wide}}  skipped: {reason}", flush=True)
            continue
        met = figure.goal.met(ours, peer)
        short += not met
        ratio = f"{ours / peer:.2f}x" if peer else ""
        theirs = f"{peer:.2f}" if figure.peer else ""
        numbers = f"{ours:.2f}", theirs, figure.unit, ratio, figure.goal, "ok" if met else "short"
        print(line.format(figure.name, figure.peer, *map(str, numbers)), flush=True)
    return min(short, 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
