"""What other people's clients write and call: methods with objects and arrays, classes and instances, call results.

Those that impacket's own tests of IWbemServices make are here one by one, against a server of this process.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.interop.peer import Peer, PeerError, logged_in, peer
from tests.interop.processes import FIRST, Processes
from tests.interop.serving import DOMAIN, PASSWORD, USER
from tests.server.devices import SETTING, Devices

from openwmi.engine import Engine
from openwmi.net import Address
from openwmi.security import UsersFile, add_user
from openwmi.server import Server

UPDATE_ONLY, CREATE_ONLY, NOW = 1, 2, 0x10
OTHER = "reader"


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[tuple[Devices, int]]:
    """Its user may write."""
    users = tmp_path / "users"
    for name in (USER, OTHER):
        add_user(users, f"{DOMAIN}\\{name}", PASSWORD)
    devices = Devices()
    served = Server(Engine("SRV1", [devices, Processes()], [SETTING]), UsersFile(users), admins=[f"{DOMAIN}\\{USER}"])
    try:
        yield devices, (await served.listen(Address("127.0.0.1", 0))).port
    finally:
        await served.close()


@pytest.fixture
async def client(server: tuple[Devices, int]) -> AsyncIterator[Peer]:
    async with logged_in("impacket", server[1]) as peer:
        yield peer


async def test_ways_to_log_in_that_are_gone(server: tuple[Devices, int]) -> None:
    async with peer("impacket", server[1]) as client:
        answers = await client.login()
    assert answers["EstablishPosition"] == 1
    assert "WBEM_E_NOT_SUPPORTED" in answers["RequestChallenge"]
    assert "E_NOTIMPL" in answers["WBEMLogin"]


async def test_get_object(client: Peer) -> None:
    """A class with all its methods, their parameters in order, and an instance."""
    found = await client.do("get", path="Demo_Device")
    assert (found["name"], found["methods"]) == (
        "Demo_Device",
        {"Adjust": ["By", "Setting", "Levels"], "Count": [], "Wait": [], "Forget": []},
    )
    found = await client.do("get", path='Demo_Device.Name="east"')
    assert (found["values"]["Name"], found["values"]["Reading"]) == ("east", 1)
    for path in ("Demo_Nothing", 'Demo_Device.Name="north"'):
        with pytest.raises(PeerError, match="WBEM_E_NOT_FOUND"):
            await client.do("get", path=path)


async def test_the_empty_class(client: Peer) -> None:
    assert await client.do("get", path="") == {"name": "None", "methods": {}, "properties": []}


async def test_a_method_with_an_object_and_an_array(client: Peer, server: tuple[Devices, int]) -> None:
    setting = {"__CLASS": "Demo_Setting", "Name": "s", "Level": 5}
    answer = await client.do("call", path='Demo_Device.Name="east"', method="Adjust", arguments=[10, setting, [1, 2]])
    values = answer["values"]
    assert (values["ReturnValue"], values["Reading"], values["Used"]["Level"]) == (0, 16, 5)
    assert values["Seen"] == [1, 2]
    assert server[0].readings["east"] == 16


async def test_a_method_without_an_object(client: Peer) -> None:
    """As Win32_Process.Create is called: None for an object that is not given."""
    answer = await client.do("call", path='Demo_Device.Name="west"', method="Adjust", arguments=[1, None, None])
    assert (answer["values"]["Reading"], answer["values"]["Used"]) == (3, None)


async def test_notepad_is_started_found_and_ended(client: Peer) -> None:
    """A method of a class that is shipped, and one of a row, whose key impacket finds by the qualifier's name."""
    made = await client.do("call", path="Win32_Process", method="Create", arguments=["notepad.exe", "c:\\", None])
    assert made["values"] == {"ProcessId": FIRST, "ReturnValue": 0}
    text = f"SELECT * FROM Win32_Process WHERE Handle = {FIRST}"
    assert (await client.do("call_found", text=text, method="Terminate", arguments=[1]))["values"]["ReturnValue"] == 0
    assert await client.values(text) == []
    made = await client.do("call", path="Win32_Process", method="Create", arguments=["none.exe", "c:\\", None])
    assert made["values"] == {"ProcessId": None, "ReturnValue": 9}


async def test_a_static_method(client: Peer) -> None:
    assert (await client.do("exec", path="Demo_Device", method="Count"))["values"] == {"ReturnValue": 2}
    assert (await client.do("call", path="Demo_Device", method="Count", arguments=[]))["values"] == {"ReturnValue": 2}
    with pytest.raises(PeerError, match="WBEM_E_METHOD_DISABLED"):
        await client.do("exec", path="Demo_Device", method="Forget")


async def test_the_security_descriptor_of_a_namespace(client: Peer) -> None:
    administrators = "S-1-5-32-544"
    assert await client.do("descriptor") == {
        "owners": [administrators, administrators],
        "control": 0x8004,
        "allowed": [[administrators, 0x2003F], ["S-1-5-11", 0x21]],
    }


async def put(client: Peer, flags: int = CREATE_ONLY) -> Any:
    return await client.do(
        "put_class", name="Impacket_Class", attributes=[["Id", "STRING", None], ["Size", "UINT32", 7]], flags=flags
    )


async def test_put_class(client: Peer) -> None:
    made = await put(client)
    assert made["status"] == 0
    assert "WBEM_E_INVALID_OPERATION" in made["string"]["error"]
    found = await client.do("get", path="Impacket_Class")
    assert (found["name"], found["properties"]) == ("Impacket_Class", ["Id", "Size"])
    deleted = await client.do("delete", kind="DeleteClass", path="Impacket_Class")
    assert deleted["status"] == 0
    with pytest.raises(PeerError, match="WBEM_E_NOT_FOUND"):
        await client.do("get", path="Impacket_Class")


async def test_put_class_update_adds_a_property(client: Peer) -> None:
    assert (await put(client))["status"] == 0
    more = [["More", "STRING", None]]
    answer = await client.do("put_class", name="", attributes=more, flags=UPDATE_ONLY, base="Impacket_Class")
    assert answer["status"] == 0
    assert (await client.do("get", path="Impacket_Class"))["properties"] == ["Id", "Size", "More"]


async def test_delete_class_that_is_missing(client: Peer) -> None:
    try:
        answer = await client.do("delete", kind="DeleteClass", path="Impacket_Missing")
    except PeerError as error:
        assert "WBEM_E_NOT_FOUND" in str(error)
    else:
        assert answer["status"] == 0x80041002


@pytest.mark.parametrize("flags", [0, NOW])
async def test_instances_through_call_results(flags: int, client: Peer) -> None:
    """Puts and deletes, waited for by what the client asks of its IWbemCallResult."""
    made = await client.do("put_instance", class_name="Demo_Setting", given={"Name": "a", "Level": 3}, flags=flags)
    assert (made["status"], made["string"]) == (0, 'Demo_Setting.Name="a"')
    assert "WBEM_E_INVALID_OPERATION" in made["object"]["error"]
    path = 'Demo_Setting.Name="a"'
    assert (await client.do("get", path=path))["values"] == {"Name": "a", "Level": 3}
    changed = await client.do("change", path=path, given={"Level": 4}, flags=flags | UPDATE_ONLY)
    assert changed["status"] == 0
    assert (await client.do("get", path=path))["values"] == {"Name": "a", "Level": 4}
    assert (await client.do("delete", kind="DeleteInstance", path=path, flags=flags))["status"] == 0
    with pytest.raises(PeerError, match="WBEM_E_NOT_FOUND"):
        await client.do("get", path=path)


async def test_open_namespace(server: tuple[Devices, int]) -> None:
    async with logged_in("impacket", server[1], namespace="//./root") as client:
        assert (await client.do("open", name="cimv2"))["octets"] > 0
        with pytest.raises(PeerError, match="WBEM_E_INVALID_NAMESPACE"):
            await client.do("open", name="nowhere")


async def test_who_may_only_read(server: tuple[Devices, int]) -> None:
    async with logged_in("impacket", server[1], user=OTHER) as client:
        assert (await client.do("get", path="Demo_Device"))["name"] == "Demo_Device"
        with pytest.raises(PeerError, match="WBEM_E_ACCESS_DENIED"):
            await put(client)
        with pytest.raises(PeerError, match="WBEM_E_ACCESS_DENIED"):
            await client.do("exec", path="Demo_Device", method="Count")
