"""Measures every figure and prints a line for each; exit status 1 if one falls short of its goal."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules

import bench
from bench.figure import Figure

COLUMNS = "{:<42} {:<44} {:>8} {:>8} {:<4} {:>8}  {:<9} {}"


def figures() -> Iterator[Figure]:
    """Those of all modules, in the order of their names."""
    for module in sorted(found.name for found in iter_modules(bench.__path__)):
        if not module.startswith("_"):
            yield from getattr(import_module(f"bench.{module}"), "FIGURES", ())


def main() -> int:
    short = 0
    print(COLUMNS.format("figure", "peer", "ours", "peer", "", "ratio", "goal", ""))
    for figure in figures():
        ours, peer = figure.measure()
        met = figure.goal.met(ours, peer)
        short += not met
        ratio = f"{ours / peer:.2f}x" if peer else ""
        numbers = f"{ours:.2f}", f"{peer:.2f}", figure.unit, ratio, figure.goal, "ok" if met else "short"
        print(COLUMNS.format(figure.name, figure.peer, *map(str, numbers)), flush=True)
    return min(short, 1)


if __name__ == "__main__":
    sys.exit(main())
