"""Services from a contract: a method for each operation, which gets a message and returns one.

    class Files(FileServiceSecureService):                   of a generated module, or any object with such methods:
        async def GetFile(self, parameters, call): …         host.add(wsdl.service("FileServiceSecure", Files(), id))

A method may be `async` or not, and may answer later: it says `call.later()`, returns None, and somebody calls
`call.respond` with what the operation's codec encodes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from inspect import isawaitable
from typing import Any, ClassVar

from openwmi.base.fault import LocalProtocolError, RemoteProtocolError
from openwmi.soap import Section, SoapFault
from openwmi.wsd.calling import Faulted
from openwmi.wsd.service import Call, Handler, Service
from openwmi.wsd.wsdl.contract import PortType, WsdlOperation
from openwmi.wsd.wsdl.proxy import decode_body, encode_body

REASON_CHARS = 1000


class ContractService(Service):
    """The base of generated hosts, whose methods are the operations.

    Args:
        service_id: what it is called on its device.
        sections: of its metadata, such as those of `load_wsdl`, which spare its clients the file.
    """

    contract_: ClassVar[PortType]

    def __init__(self, service_id: str, *, sections: Sequence[Section] = ()) -> None:
        actions = handlers(self.contract_, self)
        super().__init__(service_id, types=(self.contract_.name,), actions=actions, sections=sections)


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
