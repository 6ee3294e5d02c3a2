"""Services from a contract: a method for each operation, which gets a message and returns one.

    class Files(FileServiceSecureService):                   of a generated module, or any object with such methods:
        async def GetFile(self, parameters, call): …         host.add(wsdl.service("FileServiceSecure", Files(), id))

A method may be `async` or not, and may answer later: it says `call.later()`, returns None, and somebody calls
`call.respond` with what the operation's codec encodes. Events of the contract are sent by their names:

    await service.signal("FileChangeEvent", FileChangeEvent(…))
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from inspect import isawaitable
from typing import Any, ClassVar

from openwmi.base.fault import LocalProtocolError, RemoteProtocolError
from openwmi.operation import Operation
from openwmi.soap import Section, SoapFault
from openwmi.wsd.calling import Faulted
from openwmi.wsd.service import Call, Handler, Service
from openwmi.wsd.wsdl.contract import PortType, WsdlOperation
from openwmi.wsd.wsdl.proxy import decode_body, encode_body

REASON_CHARS = 1000


class Contracted(Service):
    """A service of a port type, whose methods are those of an object.

    Args:
        contract: the port type; its events are those of the service.
        implementation: has a method for each operation.
        service_id: what it is called on its device.
        sections: of its metadata, such as those of `load_wsdl`, which spare its clients the file.
    """

    def __init__(
        self, contract: PortType, implementation: object, service_id: str, sections: Sequence[Section] = ()
    ) -> None:
        actions = handlers(contract, implementation)
        events = [each.output_action for each in contract.events.values() if each.output_action is not None]
        super().__init__(service_id, types=(contract.name,), actions=actions, events=events, sections=sections)
        self._contract = contract

    def signal(self, action: str, body: Any = None) -> Operation[None]:
        """The same by the name of an event in the contract, with its message; LocalProtocolError for another one."""
        event = self._contract.events.get(action)
        if event is None or event.output_action is None:
            return super().signal(action, body)
        octets, beside = encode_body(event.output, body, event.name)
        if beside:
            raise LocalProtocolError(f"{action} has attachments, which events do not take along here")
        return super().signal(event.output_action, octets)


class ContractService(Contracted):
    """The base of generated hosts, whose methods are the operations.

    Args:
        service_id: what it is called on its device.
        sections: of its metadata, such as those of `load_wsdl`, which spare its clients the file.
    """

    contract_: ClassVar[PortType]

    def __init__(self, service_id: str, *, sections: Sequence[Section] = ()) -> None:
        super().__init__(self.contract_, self, service_id, sections)


def handlers(contract: PortType, implementation: object) -> dict[str, Handler]:
    """What answers which action. LocalProtocolError where a method is missing."""
    found: dict[str, Handler] = {}
    for operation in contract.operations.values():
        method = getattr(implementation, operation.method, None)
        if not callable(method):
            kind = type(implementation).__name__
            raise LocalProtocolError(f"{kind} has no method {operation.method}, which {contract.name.local} needs")
        assert operation.input_action is not None, "events are no operations"
        found[operation.input_action] = _handler(operation, method)
    return found


def _handler(operation: WsdlOperation, method: Callable[..., Any]) -> Handler:
    async def handle(call: Call) -> None:
        attachments: Any = call.attachments
        try:
            parameters = decode_body(operation.input, call.message, attachments)
        except RemoteProtocolError as error:
            raise Faulted.of(SoapFault("Sender", reason=str(error)[:REASON_CHARS])) from None
        made = method(call) if operation.input is None else method(parameters, call)
        answer = await made if isawaitable(made) else made
        if operation.output_action is None or (answer is None and operation.output is not None):
            return  # there is no answer, or it comes later
        body, beside = encode_body(operation.output, answer, operation.name)
        call.respond(body, action=operation.output_action, attachments=beside)

    return handle
