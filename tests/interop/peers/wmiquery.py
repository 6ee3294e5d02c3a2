"""Runs impacket's own `wmiquery.py`, unchanged, against a server at another port than 135: script, its arguments.

Release 0.13.1 looks up the connection of `host[port]` by the host alone; here it finds it.
"""

import runpy
import sys
from importlib import import_module
from typing import Any

dcomrt: Any = import_module("impacket.dcerpc.v5.dcomrt")


class PortMaps(dict[str, Any]):
    def __missing__(self, host: str) -> Any:
        return next(value for key, value in self.items() if key.startswith(f"{host}["))


dcomrt.DCOMConnection.PORTMAPS = PortMaps()
del sys.argv[0]
runpy.run_path(sys.argv[0], run_name="__main__")
