"""Columns of text: as wide as they need be, and on a terminal no wider than it is."""

from __future__ import annotations

from collections.abc import Sequence

from openwmi.cli.stream import Out

GAP = "  "
LEAST = 12
"""No column of text is cut to less: what remains would say nothing."""


class Column:
    """A heading and the cells under it; numbers stand right, and are never cut.

    Attributes:
        width: how wide it is when nothing is cut.
    """

    __slots__ = ("cells", "heading", "number", "width")

    def __init__(self, heading: str, cells: Sequence[str], *, number: bool = False) -> None:
        self.heading = heading
        self.cells = cells
        self.number = number
        self.width = max(map(width_of, (heading, *cells)))


def fitting(columns: Sequence[Column], width: int) -> list[int] | None:
    """The widths at which the columns fit into `width`, the widest ones cut alike; None if they cannot."""
    wanted = [column.width for column in columns]
    room = width - len(GAP) * (len(columns) - 1)
    if sum(wanted) <= room:
        return wanted
    for most in range(max(wanted) - 1, LEAST - 1, -1):
        cut = [want if column.number else min(want, most) for want, column in zip(wanted, columns, strict=True)]
        if sum(cut) <= room:
            return cut
    return None


def write_columns(out: Out, columns: Sequence[Column], widths: Sequence[int]) -> None:
    """Headings, a line under each, and the rows."""
    lines = [[column.heading for column in columns], ["-" * width for width in widths]]
    for cells in (*lines, *zip(*(column.cells for column in columns), strict=True)):
        placed = [
            _placed(cell, width, out.ellipsis, right=column.number)
            for cell, width, column in zip(cells, widths, columns, strict=True)
        ]
        out.write(GAP.join(placed).rstrip() + "\n")


def width_of(text: str) -> int:
    """How many columns of a terminal the text takes: a Chinese character takes two, a combining accent none."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len  # noqa: PLC0415 - few texts need it

    return cell_len(text)


def cut(text: str, width: int, ellipsis: str) -> str:
    """The text, or as much of it as fits beside an ellipsis."""
    if width_of(text) <= width:
        return text
    if text.isascii():
        return text[: width - 1] + ellipsis
    from rich.cells import set_cell_size  # noqa: PLC0415 - few texts need it

    return set_cell_size(text, width - 1) + ellipsis


def _placed(cell: str, width: int, ellipsis: str, *, right: bool) -> str:
    shown = cut(cell, width, ellipsis)
    blanks = " " * (width - width_of(shown))
    return blanks + shown if right else shown + blanks
