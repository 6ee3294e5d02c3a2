"""A client of the server in eventsystem.py, by impacket: host, port, level, user, password, domain, kerberos (0, 1).

Prints a JSON line for each thing that it did: [what, whether it came out as it should, what came].
"""

import json
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

comev: Any = import_module("impacket.dcerpc.v5.dcom.comev")
dcomrt: Any = import_module("impacket.dcerpc.v5.dcomrt")
epm: Any = import_module("impacket.dcerpc.v5.epm")
rpcrt: Any = import_module("impacket.dcerpc.v5.rpcrt")
transport: Any = import_module("impacket.dcerpc.v5.transport")
uuid: Any = import_module("impacket.uuid")

IID_CLASS_FACTORY = uuid.uuidtup_to_bin(("00000001-0000-0000-C000-000000000046", "0.0"))
CLASS, EVENT_SYSTEM = comev.CLSID_EventSystem, comev.IID_IEventSystem
NDR64 = ("71710533-BEBA-4937-8319-B5DBEF9CCC36", "1.0")


class Client:
    def __init__(
        self, host: str, port: str, level: str, user: str, password: str, domain: str, kerberos: str = "0"
    ) -> None:
        self.host, self.port, self.level = host, port, int(level)
        self.login = (user, password, domain)
        self.kerberos = kerberos == "1"

    def connect(self) -> Any:
        binding = transport.DCERPCTransportFactory(f"ncacn_ip_tcp:{self.host}[{self.port}]")
        binding.set_credentials(*self.login)
        binding.set_kerberos(self.kerberos, self.host)
        channel = binding.get_dce_rpc()
        channel.set_auth_level(self.level)
        if self.kerberos:
            channel.set_auth_type(rpcrt.RPC_C_AUTHN_GSS_NEGOTIATE)
        channel.connect()
        dcomrt.DCOMConnection.PORTMAPS[self.host] = channel
        return channel

    def server_alive(self) -> bool:
        return bool(dcomrt.IObjectExporter(self.connect()).ServerAlive()["ErrorCode"] == 0)

    def server_alive_2(self) -> bool:
        return any("127.0.0" in binding["aNetworkAddr"] for binding in self.exporter().ServerAlive2())

    def exporter(self) -> Any:
        return dcomrt.IObjectExporter(self.connect())

    def pings(self) -> bool:
        exporter = self.exporter()
        reply = exporter.ComplexPing()
        return bool(exporter.SimplePing(reply["pSetId"])["ErrorCode"] == 0 and reply["pSetId"] != 0)

    def create_instance(self) -> bool:
        made = dcomrt.IRemoteSCMActivator(self.connect()).RemoteCreateInstance(CLASS, EVENT_SYSTEM)
        return bool(made.get_oxid())

    def activation(self) -> bool:
        return bool(dcomrt.IActivation(self.connect()).RemoteActivation(CLASS, EVENT_SYSTEM).get_oxid())

    def resolve(self) -> bool:
        made = dcomrt.IRemoteSCMActivator(self.connect()).RemoteCreateInstance(CLASS, EVENT_SYSTEM)
        first, second = (
            getattr(self.exporter(), name)(made.get_oxid(), (7,)) for name in ("ResolveOxid", "ResolveOxid2")
        )
        return [each["aNetworkAddr"] for each in first] == [each["aNetworkAddr"] for each in second] != []

    def class_object(self) -> bool:
        factory = dcomrt.IRemoteSCMActivator(self.connect()).RemoteGetClassObject(CLASS, IID_CLASS_FACTORY)
        return bool(factory.RemRelease()["ErrorCode"] == 0)

    def references(self) -> bool:
        made = dcomrt.IRemoteSCMActivator(self.connect()).RemoteCreateInstance(CLASS, EVENT_SYSTEM)
        again = made.RemQueryInterface(1, (EVENT_SYSTEM,))
        added = made.RemAddRef()["ErrorCode"]
        return (added, again.RemRelease()["ErrorCode"], made.RemRelease()["ErrorCode"]) == (0, 0, 0)

    def no_such_class(self) -> bool:
        try:
            dcomrt.IRemoteSCMActivator(self.connect()).RemoteCreateInstance(EVENT_SYSTEM, EVENT_SYSTEM)
        except Exception as error:  # noqa: BLE001 - it has no better type
            return "REGDB_E_CLASSNOTREG" in str(error)
        return False

    def mapped(self) -> bool:
        found: str = epm.hept_map(self.host, dcomrt.IID_IObjectExporter, protocol="ncacn_ip_tcp", dce=self.connect())
        return found.endswith(f"[{self.port}]")

    def ndr64(self) -> bool:
        made = dcomrt.IRemoteSCMActivator(self.connect()).RemoteCreateInstance(CLASS, EVENT_SYSTEM)
        channel = self.connect()
        channel.bind(dcomrt.IID_IObjectExporter, transfer_syntax=NDR64)
        request = dcomrt.ResolveOxid2()
        request["pOxid"], request["cRequestedProtseqs"] = made.get_oxid(), 1
        request["arRequestedProtseqs"].append(7)
        reply = channel.request(request)
        return (reply["ErrorCode"], reply["pComVersion"]["MinorVersion"], reply["pAuthnHint"]) == (0, 7, 5)


def main(*arguments: str) -> None:
    client = Client(*arguments)
    for name, do in vars(Client).items():
        if name.startswith("_") or name in {"connect", "exporter"}:
            continue
        print(json.dumps([name, *outcome(do, client)]), flush=True)  # noqa: T201 - what the test reads


def outcome(do: Callable[[Client], bool], client: Client) -> tuple[bool, str]:
    try:
        return do(client), ""
    except Exception as error:  # noqa: BLE001 - whatever it is, the test is to see it
        return False, f"{type(error).__name__}: {error}"


main(*sys.argv[1:])
