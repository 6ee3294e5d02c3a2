"""Fuzzes the decoders of wmio with atheris: `make fuzz`, or `python -m tests.wmio.fuzz_wmio` and libFuzzer's options.

Whatever octets come, `examined.is_sound` returns. The corpus begins with all seeds and is thrown away at the end; what
failed stays in the folder .fuzz, to be given as an argument.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

FAILED = Path(".fuzz")
# No input is longer than the longest seed. It takes a millisecond: what takes 10,000 times as long is a fault; so is
# what needs 64 MB at once.
OPTIONS = ["-max_len=4096", "-timeout=10", "-malloc_limit_mb=64", "-print_final_stats=1", f"-artifact_prefix={FAILED}/"]


def main(arguments: list[str]) -> None:
    atheris: Any = import_module("atheris")
    with atheris.instrument_imports(include=["openwmi.wmio"]):
        examined: Any = import_module("tests.wmio.examined")
        seeds: Any = import_module("tests.wmio.seeds")
    # What is made for one class is made at once, or damaged instances would hardly ever meet it.
    limits: Any = import_module("openwmi.base.limits")
    limits.WMIO_PLAN_AFTER = limits.WMIO_COMPILE_AFTER = 2
    limits.WMIO_PLAN_PRICE = 0
    FAILED.mkdir(exist_ok=True)
    with TemporaryDirectory() as corpus:
        for name, octets in seeds.all_of_them():
            (Path(corpus) / name).write_bytes(octets)
        inputs = [] if any(map(is_file, arguments)) else [corpus]
        atheris.Setup([sys.argv[0], *OPTIONS, *arguments, *inputs], examined.is_sound)
        atheris.Fuzz()


def is_file(argument: str) -> bool:
    return not argument.startswith("-")


if __name__ == "__main__":
    main(sys.argv[1:])
