"""Fuzzes DCE/RPC and DCOM with atheris: `make fuzz`, or `python -m tests.rpc.fuzz_rpc` and libFuzzer's options.

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
ROOMS = ["openwmi.rpc", "openwmi.orpc", "openwmi.ndr", "openwmi.interfaces", "openwmi.security"]
# Most of a fragment, and no input takes a second; what needs 64 MB at once is a fault.
OPTIONS = [
    "-max_len=4096",
    "-timeout=10",
    "-malloc_limit_mb=64",
    "-print_final_stats=1",
    f"-artifact_prefix={FAILED}/",
]


def main(arguments: list[str]) -> None:
    atheris: Any = import_module("atheris")
    with atheris.instrument_imports(include=ROOMS):
        examined: Any = import_module("tests.rpc.examined")
    FAILED.mkdir(exist_ok=True)
    with TemporaryDirectory() as corpus:
        for name, octets in examined.seeds():
            (Path(corpus) / name).write_bytes(octets)
        inputs = [argument for argument in arguments if not argument.startswith("-")] or [corpus]
        options = [argument for argument in arguments if argument.startswith("-")]
        atheris.Setup([sys.argv[0], *OPTIONS, *options, *inputs], examined.is_sound)
        atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1:])
