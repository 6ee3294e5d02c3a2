"""Our client logs in to a server that says what real Windows has said: its recorded replies, in our own fragments."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path

import pytest
from tests.client.lifted import MEMORY
from tests.dcom.fakes import ME, NAMES, Users, nothing_left

from openwmi.base.error import WbemError
from openwmi.base.guid import Guid
from openwmi.client import Credentials, open_session
from openwmi.dcom import Caller, Endpoint, Exporter
from openwmi.dcom.dispatch import Fault
from openwmi.interfaces import (
    IObjectExporter,
    IRemoteSCMActivator,
    IRemUnknown2,
    IWbemLevel1Login,
    IWbemLoginClientID,
    IWbemServices,
)
from openwmi.net import Address
from openwmi.operation import LOCAL
from openwmi.rpc import FaultStatus, RequestReceived, SyntaxId
from openwmi.security import Logins
from openwmi.testing import MemoryNetwork

CALLED = (IRemoteSCMActivator, IObjectExporter, IRemUnknown2, IWbemLevel1Login, IWbemLoginClientID, IWbemServices)
CONVERSATIONS = ("eventsub", "invoke_wmi", "sharpwmi", "wmic_os_get")


class Replay(Endpoint):
    """Answers each call as it was answered once; what was not said then is a fault.

    Attributes:
        asked: the calls that came.
    """

    def __init__(self, shared: Path, conversation: str) -> None:
        super().__init__(Exporter([], lambda: 0), (), (), lambda peer: Logins(Users(), NAMES, peer=peer))
        self.interfaces = frozenset(SyntaxId(each.iid) for each in CALLED)
        self.asked: list[str] = []
        self._said: dict[tuple[Guid, int], list[bytes]] = defaultdict(list)
        for line in (shared / "vectors/orpc.jsonl").read_text().splitlines():
            said = json.loads(line)
            if said["conversation"] == conversation and said["kind"] == "response" and said["stub_hex"]:
                self._said[Guid(said["iid"]), said["opnum"]].append(bytes.fromhex(said["stub_hex"]))

    async def answer(self, request: RequestReceived, caller: Caller, *, header_signing: bool) -> bytes:
        interface = next(each for each in CALLED if each.iid == request.interface.uuid)
        self.asked.append(interface.calls[request.opnum].name)
        said = self._said[request.interface.uuid, request.opnum]
        if not said:
            raise Fault(FaultStatus.OP_RANGE_ERROR, "that was not asked then")
        return said.pop(0) if len(said) > 1 else said[0]


@pytest.mark.parametrize("conversation", CONVERSATIONS)
async def test_a_login(conversation: str, shared: Path) -> None:
    async with nothing_left():
        network, endpoint = MemoryNetwork(), Replay(shared, conversation)
        await network.listen(endpoint, MEMORY)
        ways: list[Address] = []

        async def connect(protocol: object, host: str, port: int, timeout: float) -> object:
            ways.append(Address(host, port))
            return await network.connect(protocol, *MEMORY)  # type: ignore[arg-type]  # whatever it is

        session = await open_session(
            r"root\cimv2",
            where=MEMORY,
            credentials=Credentials(f"DOM\\{ME[0]}", ME[1]),
            connect=connect,  # type: ignore[arg-type]  # the same
        )
        assert endpoint.asked == ["RemoteCreateInstance", "NTLMLogin"]
        assert [way.host for way in ways] == [MEMORY.host] * 2, "by the way that we came, whatever it calls itself"
        assert ways[1].port >= 49152
        with pytest.raises(WbemError, match="0x1C010002"):
            await session.get("Win32_OperatingSystem=@", LOCAL)
        await session.close()
        assert endpoint.asked[2:] == ["GetObject", "RemRelease"]
        await endpoint.close()
