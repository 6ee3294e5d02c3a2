"""The command line: `openwmi query|get|call|classes|describe`.

Rows go to standard output, everything else to standard error. Exit status: 0; 1 the operation failed; 2 usage; 130
interrupted.
"""

from openwmi.cli.main import main

__all__ = ["main"]
