"""A machine that has notepad.exe, for tests that start it and end it again, and a service: nothing really runs."""

from __future__ import annotations

from collections.abc import Iterator

from openwmi.engine import MethodCall, Provider, Request, Row, method

FOUND, NOT_FOUND, NO_PARAMETER = 0, 9, 21
FIRST = 4242


class Processes(Provider):
    """Programs that were started, by their process ID.

    Attributes:
        running: their command lines.
        ended: the reasons that Terminate was given.
    """

    cim_class = "Win32_Process"

    def __init__(self) -> None:
        self.running: dict[int, str] = {}
        self.ended: list[object] = []

    def instances(self, request: Request) -> Iterator[Row]:
        return (
            {"Handle": str(number), "ProcessId": number, "Name": line.split()[0], "CommandLine": line}
            for number, line in self.running.items()
        )

    @method("Create")
    async def create(self, call: MethodCall) -> Row:
        line = call.inputs["CommandLine"]
        if not isinstance(line, str):
            return {"ReturnValue": NO_PARAMETER}
        if not line.startswith("notepad.exe"):
            return {"ReturnValue": NOT_FOUND}
        number = FIRST + len(self.running) + len(self.ended)
        self.running[number] = line
        return {"ProcessId": number, "ReturnValue": FOUND}

    @method("Terminate")
    async def terminate(self, call: MethodCall) -> Row:
        assert call.keys is not None
        del self.running[int(str(call.keys["Handle"]))]
        self.ended.append(call.inputs["Reason"])
        return {"ReturnValue": 0}


class Services(Provider):
    """One."""

    cim_class = "Win32_Service"

    def instances(self, request: Request) -> Iterator[Row]:
        return iter([{"Name": "ssh", "State": "Running"}])
