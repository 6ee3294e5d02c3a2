"""A medical device of sdc11073 (DPWS 1.1), as a process of its own.

python wsd_sdc11073.py INTERFACE provide UUID    a device; says where it is, and stays until its input ends
python wsd_sdc11073.py INTERFACE search SECONDS  what answers: a JSON array; nothing that breaks the schemas counts
python wsd_sdc11073.py - check -                 what the schemas say of each envelope, of a JSON array in its input
"""

import json
import sys
import uuid
from importlib import import_module
from typing import Any

common: Any = import_module("sdc11073.wsdiscovery.common")
definitions: Any = import_module("sdc11073.definitions_sdc")
dpws: Any = import_module("sdc11073.xml_types.dpws_types")
mdibs: Any = import_module("sdc11073.mdib")
providers: Any = import_module("sdc11073.provider")
wsdiscovery: Any = import_module("sdc11073.wsdiscovery")
etree: Any = import_module("lxml.etree")

MDIB = b"""<?xml version="1.0" encoding="UTF-8"?>
<m:GetMdibResponse xmlns:m="http://standards.ieee.org/downloads/11073/11073-10207-2017/message"
    xmlns:p="http://standards.ieee.org/downloads/11073/11073-10207-2017/participant"
    xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" SequenceId="urn:uuid:0" MdibVersion="1">
  <m:Mdib SequenceId="urn:uuid:0" MdibVersion="1">
    <p:MdDescription DescriptionVersion="0">
      <p:Mds Handle="mds0" DescriptorVersion="0">
        <p:Type Code="130535"/>
        <p:SystemContext Handle="sc.mds0" DescriptorVersion="0">
          <p:LocationContext Handle="LC.mds0" DescriptorVersion="0"/>
        </p:SystemContext>
      </p:Mds>
    </p:MdDescription>
    <p:MdState StateVersion="0">
      <p:State xsi:type="p:MdsState" DescriptorHandle="mds0" StateVersion="0" ActivationState="On"
        OperatingMode="Nml"/>
      <p:State xsi:type="p:SystemContextState" DescriptorHandle="sc.mds0" StateVersion="0" ActivationState="On"/>
    </p:MdState>
  </m:Mdib>
</m:GetMdibResponse>
"""


def provide(interface: str, name: str) -> None:
    discovery = wsdiscovery.WSDiscoverySingleAdapter(interface)
    discovery.start()
    model = dpws.ThisModelType(
        manufacturer="Example", manufacturer_url="http://www.example.org/", model_name="Pump", model_number="1.0"
    )
    device = dpws.ThisDeviceType(friendly_name="Pump of ward 3", firmware_version="2.5", serial_number="12345")
    mdib = mdibs.ProviderMdib.from_string(MDIB, protocol_definition=definitions.SdcV1Definitions)
    provider = providers.SdcProvider(discovery, model, device, mdib, uuid.UUID(name))
    provider.start_all(start_rtsample_loop=False)
    provider.publish()
    say({"address": provider.epr_urn, "xaddrs": provider.get_xaddrs()})
    sys.stdin.read()
    provider.stop_all()
    discovery.stop()


def search(interface: str, seconds: str) -> None:
    with wsdiscovery.WSDiscoverySingleAdapter(interface) as discovery:
        found = discovery.search_services(timeout=float(seconds))
        say([{"address": each.epr, "xaddrs": list(each.x_addrs)} for each in found])


def check(_: str, __: str) -> None:
    schema = common.message_reader._xml_schema
    said = []
    for octets in json.loads(sys.stdin.read()):
        root = etree.fromstring(octets.encode())
        body = root[-1]
        said.append([str(error) for part in (root, *body) if not schema.validate(part) for error in schema.error_log])
    say(said)


def say(what: object) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    {"provide": provide, "search": search, "check": check}[sys.argv[2]](sys.argv[1], sys.argv[3])
