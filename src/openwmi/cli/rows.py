"""Rows in JSON, as `--format json` and `--format jsonl` print them, -> their values, each with its line."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import click

from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.cli.typed import NoValueError, named_once

STANDARD_INPUT = "-"


class Row(NamedTuple):
    """An object as JSON has it.

    Attributes:
        place: `file:line`, for messages.
        values: it.
    """

    place: str
    values: dict[str, Any]


def read_text(file: str) -> tuple[str, str]:
    """The name of a file for messages, and what is in it, UTF-8; `-` is standard input. INVALID_PARAMETER."""
    name = "standard input" if file == STANDARD_INPUT else file
    try:
        if file != STANDARD_INPUT:
            octets = Path(file).read_bytes()
        elif sys.stdin is None:
            raise click.UsageError("standard input is closed: give the rows with --file")
        else:
            octets = sys.stdin.buffer.read()
        return name, octets.decode("utf-8-sig")
    except OSError as error:
        raise WbemError(WbemStatus.INVALID_PARAMETER, f"{name} cannot be read: {error.strerror}") from None
    except UnicodeError as error:
        raise WbemError(WbemStatus.INVALID_PARAMETER, f"{name} is no text in UTF-8: {error}") from None


def parse_rows(name: str, text: str) -> Iterator[Row]:
    """The objects one after another, in arrays or not. INVALID_PARAMETER with the line."""
    decoder = json.JSONDecoder(object_pairs_hook=named_once)
    at, line, counted = 0, 1, 0
    while True:
        at += len(_BLANK.match(text, at)[0])  # type: ignore[index]  # nothing is a match as well
        line += text.count("\n", counted, at)
        counted = at
        if at == len(text):
            return
        place = f"{name}:{line}"
        try:
            value, at = decoder.raw_decode(text, at)
        except RecursionError:
            raise WbemError(WbemStatus.INVALID_PARAMETER, f"{place}: this JSON nests too deep") from None
        except json.JSONDecodeError as error:
            raise WbemError(WbemStatus.INVALID_PARAMETER, f"{name}:{error.lineno}: as JSON, {error.msg}") from None
        except NoValueError as error:
            raise WbemError(WbemStatus.INVALID_PARAMETER, f"{place}: {error}") from None
        except ValueError:  # Python reads no decimal of some thousand digits
            problem = f"{place}: as JSON, it has a number of too many digits"
            raise WbemError(WbemStatus.INVALID_PARAMETER, problem) from None
        for number, item in enumerate(value) if isinstance(value, list) else [(None, value)]:
            where = place if number is None else f"{place}, element {number}"
            if not isinstance(item, dict):
                raise WbemError(WbemStatus.INVALID_PARAMETER, f"{where}: a row is a JSON object: {{...}}")
            yield Row(where, item)


_BLANK: Final = re.compile(r"[ \t\r\n]*")
