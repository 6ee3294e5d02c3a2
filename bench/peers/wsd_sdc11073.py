"""Reads one ProbeMatches again and again with sdc11073, as its discovery does. Works on lines of JSON.

`{"octets": "…", "times": 1000, "validate": true}` is answered by `{"seconds": 0.5, "read": ["urn:uuid:…", …]}`: the
address, the names of the types, the scopes, the transport addresses and the version of the metadata.
"""

import json
import sys
from importlib import import_module
from time import perf_counter
from typing import Any

common: Any = import_module("sdc11073.wsdiscovery.common")
types: Any = import_module("sdc11073.xml_types.wsd_types")
names: Any = import_module("sdc11073.namespaces").default_ns_helper


def read(octets: bytes, validate: bool) -> Any:
    """What WSDiscovery's receiving thread and its handler of ProbeMatches do with a datagram."""
    message = common.message_reader.read_received_message(octets, validate=validate)
    types.AppSequenceType.from_node(message.p_msg.header_node.find(names.WSD.tag("AppSequence")))
    return types.ProbeMatchesType.from_node(message.p_msg.msg_node).ProbeMatch[0]


def main() -> None:
    for line in sys.stdin:
        request = json.loads(line)
        octets, validate = request["octets"].encode(), request["validate"]
        began = perf_counter()
        for _ in range(request["times"]):
            match = read(octets, validate)
        seconds = perf_counter() - began
        said = [
            match.EndpointReference.Address,
            [each.text for each in match.Types],
            list(match.Scopes.text),
            list(match.XAddrs),
            match.MetadataVersion,
        ]
        print(json.dumps({"seconds": seconds, "read": said}), flush=True)


main()
