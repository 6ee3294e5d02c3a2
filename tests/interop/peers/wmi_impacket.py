"""A WMI client by impacket, as a process of its own: a JSON line in, a JSON line out, until standard input ends.

    {"do": "login", "host", "port", "user", "password", "domain", "namespace", "level", "kerberos"}
                                             level: integrity | privacy; kerberos: with a ticket of KRB5CCNAME
                                             -> what the calls of the past answered
    {"do": "query", "text", "flags"}         opens an enumerator, and forgets the one before
    {"do": "next", "count", "parse"}         -> {"rows": [{"octets": hex, "values": {…}}, …], "status": "…"}
    {"do": "all", "parse"}                   the same for what is left, one row a call
    {"do": "rate", "text"}                   -> {"rows", "seconds", "alone"}: the last by its decoder alone
    {"do": "get", "path"}                    -> {"name", "methods": {name: [in-parameters]}, "values"}
    {"do": "call", "path", "method", "arguments"}      as its objects call methods -> {"values"}
    {"do": "call_found", "text", "method", "arguments"}      the same, of the first row of a query
    {"do": "exec", "path", "method"}         as its services do, without in-parameters
    {"do": "descriptor"}                     who owns the namespace, and who may do what: SIDs and access masks
    {"do": "put_class", "name", "attributes": [[name, type, default], …], "flags", "base"}
    {"do": "put_instance", "class_name", "values", "flags"}      -> {"status", "path", "object"}
    {"do": "change", "path", "values", "flags"}                  the same, of an instance that is there
    {"do": "delete", "kind": "DeleteClass" | "DeleteInstance", "path"}
    {"do": "open", "name"}                   OpenNamespace: what came
    {"do": "reset" | "release" | "alive" | "resolve" | "pings" | "disconnect"}

"octets" is the object reference as it came; "values" is what impacket makes of it. What goes wrong comes back as
{"error": text}, with the text that the library's users see.
"""

import json
import sys
from contextlib import redirect_stdout
from importlib import import_module
from time import perf_counter
from typing import Any

dcomrt: Any = import_module("impacket.dcerpc.v5.dcomrt")
dtypes: Any = import_module("impacket.dcerpc.v5.dtypes")
ldaptypes: Any = import_module("impacket.ldap.ldaptypes")
rpcrt: Any = import_module("impacket.dcerpc.v5.rpcrt")
wmi: Any = import_module("impacket.dcerpc.v5.dcom.wmi")

LEVELS = {"integrity": rpcrt.RPC_C_AUTHN_LEVEL_PKT_INTEGRITY, "privacy": rpcrt.RPC_C_AUTHN_LEVEL_PKT_PRIVACY}
ENDS = {1: "S_FALSE", 0x40004: "WBEM_S_TIMEDOUT"}
INFINITE = 0xFFFFFFFF
PAST = ("EstablishPosition", "RequestChallenge", "WBEMLogin")


class Client:
    connection: Any = None
    services: Any = None
    rows: Any = None

    def login(
        self,
        host: str,
        port: int,
        user: str,
        password: str,
        domain: str,
        namespace: str,
        level: str = "integrity",
        *,
        kerberos: bool = False,
    ) -> object:
        self.connection = dcomrt.DCOMConnection(
            f"{host}[{port}]", user, password, domain, oxidResolver=False, doKerberos=kerberos, kdcHost=host
        )
        # Release 0.13.1 looks there by the address alone, and finds nothing where a port was given.
        dcomrt.DCOMConnection.PORTMAPS[host] = self.connection.get_dce_rpc()
        interface = self.connection.CoCreateInstanceEx(wmi.CLSID_WbemLevel1Login, wmi.IID_IWbemLevel1Login)
        login = wmi.IWbemLevel1Login(interface)
        past = {name: self._answer(getattr(login, name)) for name in PAST}
        self.services = login.NTLMLogin(namespace, dtypes.NULL, dtypes.NULL)
        self.services.get_dce_rpc().set_auth_level(LEVELS[level])
        login.RemRelease()
        return past

    def _answer(self, method: Any) -> Any:
        try:
            return method()
        except rpcrt.DCERPCException as error:
            return str(error)

    def query(self, text: str, flags: int = 0x30) -> object:
        self.rows = self.services.ExecQuery(text, lFlags=flags)
        return {}

    def next(self, count: int = 1, timeout: int = INFINITE, *, parse: bool = True) -> object:
        request = wmi.IEnumWbemClassObject_Next()
        request["lTimeout"] = timeout
        request["uCount"] = count
        status = ""
        try:
            reply = self.rows.request(request, iid=wmi.IID_IEnumWbemClassObject, uuid=self.rows.get_iPid())
        except rpcrt.DCERPCException as error:
            if error.get_error_code() not in ENDS:
                raise
            reply, status = error.get_packet(), ENDS[error.get_error_code()]
        octets = [b"".join(each["abData"]) for each in reply["apObjects"]]
        return {"rows": [self._row(each, parse=parse) for each in octets], "status": status}

    def all(self, *, parse: bool = True) -> object:
        rows: list[Any] = []
        answer: Any = {"status": ""}
        while answer["status"] != "S_FALSE":
            answer = self.next(1, parse=parse)
            rows += answer["rows"]
        return {"rows": rows, "status": answer["status"]}

    def rate(self, text: str) -> object:
        self.query(text)
        octets = []
        began = perf_counter()
        while True:
            try:
                [row] = self.rows.Next(INFINITE, 1)
            except rpcrt.DCERPCException as error:
                if error.get_error_code() not in ENDS:
                    raise
                break
            row.getProperties()
            octets.append(row.get_objRef())
        seconds = perf_counter() - began
        began = perf_counter()
        for each in octets:
            interface = dcomrt.INTERFACE(self.rows.get_cinstance(), each, target=self.rows.get_target())
            wmi.IWbemClassObject(interface).getProperties()
        return {"rows": len(octets), "seconds": seconds, "alone": perf_counter() - began}

    def reset(self) -> object:
        self.rows.Reset()
        return {}

    def release(self) -> object:
        self.rows.RemRelease()
        return {}

    def get(self, path: str) -> object:
        obj, _ = self.services.GetObject(path)
        if obj.getObject().isInstance():
            return {"name": obj.getClassName().strip(), "values": shown(obj)}
        methods = {name: list(each["InParams"] or ()) for name, each in dict(obj.getMethods()).items()}
        return {"name": obj.getClassName().strip(), "methods": methods, "properties": list(obj.getProperties())}

    def call(self, path: str, method: str, arguments: Any) -> object:
        obj, _ = self.services.GetObject(path)
        given = [self._object(each) if isinstance(each, dict) else each for each in arguments]
        with redirect_stdout(sys.stderr):
            out = getattr(obj, method)(*given)
        return {"values": None if out is None else shown(out)}

    def call_found(self, text: str, method: str, arguments: Any) -> object:
        [row] = self.services.ExecQuery(text).Next(INFINITE, 1)
        with redirect_stdout(sys.stderr):
            out = getattr(row, method)(*arguments)
        return {"values": None if out is None else shown(out)}

    def exec(self, path: str, method: str) -> object:
        return {"values": shown(self.services.ExecMethod(path, method))}

    def descriptor(self) -> object:
        octets = bytes(shown(self.services.ExecMethod("__SystemSecurity", "GetSD"))["SD"])
        found = ldaptypes.SR_SECURITY_DESCRIPTOR(octets)
        owners = [found[name].formatCanonical() for name in ("OwnerSid", "GroupSid")]
        allowed = [(each["Ace"]["Sid"].formatCanonical(), each["Ace"]["Mask"]["Mask"]) for each in found["Dacl"].aces]
        return {"owners": owners, "control": found["Control"], "allowed": allowed}

    def put_class(self, name: str, attributes: Any, flags: int = 0, base: str = "") -> object:
        obj, _ = self.services.GetObject(base)
        if not base:
            obj.setClassName(name)
        for attribute, kind, default in attributes:
            obj.addNewAttribute(attribute, getattr(wmi.CIM_TYPE_ENUM, f"CIM_TYPE_{kind}"), default)
        return result(self.services.PutClass(obj.marshalMe(), flags))

    def put_instance(self, class_name: str, given: Any, flags: int = 0) -> object:
        obj, _ = self.services.GetObject(class_name)
        return result(self.services.PutInstance(filled(obj.SpawnInstance(), given).marshalMe(), flags))

    def change(self, path: str, given: Any, flags: int = 0) -> object:
        obj, _ = self.services.GetObject(path)
        return result(self.services.PutInstance(filled(obj, given).marshalMe(), flags))

    def delete(self, kind: str, path: str, flags: int = 0) -> object:
        return result(getattr(self.services, kind)(path, flags))

    def open(self, name: str) -> object:
        request = wmi.IWbemServices_OpenNamespace()
        request["strNamespace"]["asData"] = wmi.checkNullString(name)
        request["lFlags"] = 0
        request["pCtx"] = dtypes.NULL
        request.fields["ppResult"] = dtypes.NULL
        reply = self.services.request(request, iid=wmi.IID_IWbemServices, uuid=self.services.get_iPid())
        return {"octets": len(b"".join(reply["ppWorkingNamespace"]["abData"]))}

    def _object(self, given: Any) -> Any:
        obj, _ = self.services.GetObject(given.pop("__CLASS"))
        return filled(obj.SpawnInstance(), given)

    def alive(self) -> object:
        return {"bindings": addresses(self._resolver().ServerAlive2())}

    def resolve(self) -> object:
        return {"bindings": addresses(self._resolver().ResolveOxid2(self.services.get_oxid(), (7,)))}

    def pings(self) -> object:
        resolver = self._resolver()
        added = resolver.ComplexPing(0, 0, [self.services.get_oid()], [])
        simple = resolver.SimplePing(added["pSetId"])
        taken = resolver.ComplexPing(added["pSetId"], 1, [], [self.services.get_oid()])
        return {"status": [added["ErrorCode"], simple["ErrorCode"], taken["ErrorCode"]]}

    def disconnect(self) -> object:
        self.services.get_dce_rpc().disconnect()
        self.connection.disconnect()
        dcomrt.INTERFACE.CONNECTIONS.clear()  # it remembers what is closed, where a port was given
        return {}

    def _resolver(self) -> Any:
        return dcomrt.IObjectExporter(self.connection.get_dce_rpc())

    def _row(self, octets: bytes, *, parse: bool) -> dict[str, Any]:
        row: dict[str, Any] = {"octets": octets.hex()}
        if parse:
            # Not the library's object of it: that asks the server for the class as soon as it is looked at.
            row["values"] = values(wmi.ENCODING_UNIT(dcomrt.OBJREF_CUSTOM(octets)["pObjectData"]))
        return row


def filled(obj: Any, given: Any) -> Any:
    for name, value in given.items():
        setattr(obj, name, value)
    return obj


def shown(obj: Any) -> dict[str, Any]:
    return {name: plain(each["value"]) for name, each in obj.getProperties().items()}


def result(made: Any) -> dict[str, Any]:
    """What an IWbemCallResult says."""
    answer: dict[str, Any] = {"status": made.GetCallStatus(5000) & 0xFFFFFFFF}
    for name, field in (("String", "pstrResultString"), ("Object", "ppResultObject")):
        try:
            reply = getattr(made, f"GetResult{name}")(0)
        except rpcrt.DCERPCException as error:
            answer[name.lower()] = {"error": str(error)}
        else:
            answer[name.lower()] = reply[field]["asData"].rstrip("\0") if name == "String" else "an object"
    made.RemRelease()
    return answer


def values(unit: Any) -> dict[str, Any]:
    block = unit["ObjectBlock"]
    block.parseObject()
    current = block.ctCurrent
    found = current["values"] if current["values"] is not None else current["properties"]
    return {name: plain(each["value"]) for name, each in found.items()}


def plain(value: Any) -> Any:
    if isinstance(value, list):
        return [plain(each) for each in value]
    return values(value) if isinstance(value, wmi.ENCODING_UNIT) else value


def addresses(bindings: Any) -> list[str]:
    return [each["aNetworkAddr"].rstrip("\0") for each in bindings if each["wTowerId"] == 7]


def main() -> None:
    client = Client()
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            with redirect_stdout(sys.stderr):  # it prints what it receives
                answer = getattr(client, asked.pop("do"))(**asked)
        except Exception as error:  # noqa: BLE001 - whatever its users would see
            answer = {"error": str(error)}
        print(json.dumps(answer), flush=True)  # noqa: T201 - what the test reads


main()
