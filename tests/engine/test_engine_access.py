"""Who may do what is decided in one place: every verb of a session asks there ([MS-WMI] 5.2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.server.devices import SETTING, Devices

from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.engine import Access, Engine
from openwmi.engine.access import EVERYTHING, READ, Right
from openwmi.operation import LOCAL, CallContext, Operation
from openwmi.session import MofText, Session

Verb = Callable[[Session, CallContext], Operation[Any]]

READS: dict[str, Verb] = {
    "get": lambda session, context: session.get("Demo_Device", context),
    "query": lambda session, context: session.query("SELECT * FROM Demo_Device", None, context),
    "instances": lambda session, context: session.instances("Demo_Device", deep=True, context=context),
    "classes": lambda session, context: session.classes("Demo_Device", deep=True, context=context),
    "check_mof": lambda session, context: session.check_mof([MofText("class A { };")], context),
}
WRITES: dict[str, Verb] = {
    "put": lambda session, context: session.put(SETTING.instance({"Name": "a"}), context),
    "delete": lambda session, context: session.delete("Demo_Setting='a'", context),
    "call": lambda session, context: session.call("Demo_Device", "Count", {}, context),
    "emit": lambda session, context: session.emit((), context),
    "load_mof": lambda session, context: session.load_mof(MofText("class A { };"), context),
}
ADMIN, USER, NOBODY = CallContext("DOM\\Me"), CallContext("DOM\\you"), LOCAL


def sessions(access: Access | None) -> Session:
    return Engine("HOST1", [Devices()], [SETTING]).session(r"root\cimv2", access)


async def denied(operation: Operation[Any]) -> bool:
    """Whether it could not start for that."""
    try:
        await operation.started()
        await operation.status()
        operation.results.check()
    except WbemError as error:
        assert error.status == WbemStatus.ACCESS_DENIED
        assert not operation.results.began
        return True
    return False


@pytest.mark.parametrize("name", [*READS, *WRITES])
async def test_who_may(name: str) -> None:
    session = sessions(Access.of_admins(["dom\\mE"]))
    verb = {**READS, **WRITES}[name]
    if name == "delete":
        await session.put(SETTING.instance({"Name": "a"}), ADMIN)
    assert not await denied(verb(session, ADMIN))
    assert await denied(verb(session, USER)) == (name in WRITES)
    assert await denied(verb(session, NOBODY))


@pytest.mark.parametrize("name", [*READS, *WRITES])
async def test_without_it_everybody_is_the_owner(name: str) -> None:
    session = sessions(None)
    if name == "delete":
        await session.put(SETTING.instance({"Name": "a"}), LOCAL)
    assert not await denied({**READS, **WRITES}[name](session, USER))


async def test_events_are_read() -> None:
    session = sessions(Access.of_admins([]))
    text = "SELECT * FROM __InstanceCreationEvent WITHIN 1 WHERE TargetInstance ISA 'Demo_Setting'"
    async with session.events(text, None, USER) as operation:
        await operation.started()
    assert await denied(session.events(text, None, NOBODY))


async def test_a_namespace_that_is_opened_from_there() -> None:
    root = Engine("HOST1", [Devices()], [SETTING]).session("root", Access.of_admins([]))
    assert await denied(root.open_namespace("cimv2", NOBODY))
    inner = await root.open_namespace("cimv2", USER)
    assert await denied(WRITES["put"](inner, USER))
    assert not await denied(READS["get"](inner, USER))


@pytest.mark.parametrize(
    ("admins", "principal", "granted"),
    [
        (["DOM\\me"], "dom\\ME", EVERYTHING),
        (["DOM\\me"], "OTHER\\me", READ),
        (["me"], "DOM\\me", READ),
        (["me"], "me", EVERYTHING),
        (["me@EXAMPLE.ORG"], "me@EXAMPLE.ORG", EVERYTHING),
        (["me@EXAMPLE.ORG"], "me@example.org", READ),
        ([], "DOM\\me", READ),
        ([""], "", Right(0)),
    ],
)
def test_how_administrators_are_spelled(admins: list[str], principal: str, granted: Right) -> None:
    assert Access.of_admins(admins).granted(CallContext(principal)) == granted


DESCRIPTOR = """
    01 00 0480 14000000 24000000 00000000 34000000
    01 02 000000000005 20000000 20020000
    01 02 000000000005 20000000 20020000
    02 00 3400 0200 0000
    00 02 1800 3f000200 01 02 000000000005 20000000 20020000
    00 02 1400 21000000 01 01 000000000005 0b000000
"""  # as [MS-DTYP] 2.4.6 has it, by hand: administrators may do all, who has logged in may read from afar


@pytest.mark.parametrize("access", [None, Access.of_admins(["DOM\\me"])])
async def test_a_namespace_tells_who_may_do_what(access: Access | None) -> None:
    session = sessions(access)
    out = await session.call("__SystemSecurity", "GetSD", {}, ADMIN)
    assert (bytes(out["SD"]), out["ReturnValue"]) == (bytes.fromhex(DESCRIPTOR), 0)
    assert (await session.call("__systemsecurity", "getcalleraccessrights", {}, ADMIN))["rights"] == 0x2003F


@pytest.mark.parametrize("method", ["GetSD", "GetCallerAccessRights"])
async def test_a_namespace_does_not_tell_users(method: str) -> None:
    with pytest.raises(WbemError) as caught:
        await sessions(Access.of_admins(["DOM\\me"])).call("__SystemSecurity", method, {}, USER)
    assert caught.value.status == WbemStatus.ACCESS_DENIED


@pytest.mark.parametrize(("method", "inputs"), [("SetSD", {"SD": (1,)}), ("GetSecurityDescriptor", {})])
async def test_security_descriptors_are_octets_and_stay_as_they_are(method: str, inputs: dict[str, object]) -> None:
    with pytest.raises(WbemError) as caught:
        await sessions(None).call("__SystemSecurity", method, inputs, ADMIN)
    assert caught.value.status == WbemStatus.PROVIDER_NOT_CAPABLE


@pytest.mark.parametrize("namespace", ["root", r"root\cimv2", "made"])
async def test_each_namespace_has_the_one_instance_whose_methods_these_are(namespace: str) -> None:
    engine = Engine("HOST1")
    root = engine.session("root")
    await root.put((await root.get("__NAMESPACE", LOCAL)).instance({"Name": "made"}), LOCAL)
    session = await root.open_namespace("made", LOCAL) if namespace == "made" else engine.session(namespace)
    one = await session.get("__systemsecurity=@", LOCAL)
    found = await session.query("SELECT * FROM __SystemSecurity", None, LOCAL)
    below = await session.instances("__SystemClass", deep=True, context=LOCAL)
    assert [str(each.path_) for each in found] == [str(one.path_)]
    assert [each.class_.name for each in below].count("__SystemSecurity") == 1
    assert (await session.call(str(one.path_), "GetSD", {}, LOCAL))["ReturnValue"] == 0
    await session.load_mof(MofText('[Description("ours")] instance of __SystemSecurity { };'), LOCAL)
    (again,) = await session.query("SELECT * FROM __SystemSecurity", None, LOCAL)
    assert again.qualifiers_["Description"].value == "ours", "what is put takes its place"


def test_what_is_said() -> None:
    error = Access.of_admins([]).refusal(USER, Right.METHOD_EXECUTE, r"root\cimv2")
    assert error is not None
    assert error.message == r"DOM\you may not call methods in root\cimv2: only an administrator may"
