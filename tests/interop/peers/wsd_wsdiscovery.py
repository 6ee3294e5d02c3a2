"""The package WSDiscovery (DPWS 2006), as a process of its own.

python wsd_wsdiscovery.py publish XADDR SCOPE    a device; says who it is, and stays until its input ends
python wsd_wsdiscovery.py search SECONDS SCOPE   what answers: a JSON array
"""

import json
import sys
from importlib import import_module
from typing import Any

wsdiscovery: Any = import_module("wsdiscovery")
discoveries: Any = import_module("wsdiscovery.discovery")
publishings: Any = import_module("wsdiscovery.publishing")

DEVICE = wsdiscovery.QName("http://schemas.xmlsoap.org/ws/2006/02/devprof", "Device", "wsdp")


def publish(xaddr: str, scope: str) -> None:
    publishing = publishings.ThreadedWSPublishing()
    publishing.start()
    publishing.publishService(types=[DEVICE], scopes=[wsdiscovery.Scope(scope)], xAddrs=[xaddr])
    say({"address": publishing.uuid})
    sys.stdin.read()
    publishing.clearLocalServices()
    publishing.stop()


def search(seconds: str, scope: str) -> None:
    discovery = discoveries.ThreadedWSDiscovery()
    discovery.start()
    scopes = [wsdiscovery.Scope(scope)] if scope else None
    found = [
        {
            "address": service.getEPR(),
            "types": [f"{{{name.getNamespace()}}}{name.getLocalname()}" for name in service.getTypes()],
            "xaddrs": list(service.getXAddrs()),
            "scopes": [each.getValue() for each in service.getScopes()],
        }
        for service in discovery.searchServices(types=[DEVICE], scopes=scopes, timeout=float(seconds))
    ]
    say(found)
    discovery.stop()


def say(what: object) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    {"publish": publish, "search": search}[sys.argv[1]](*sys.argv[2:])
