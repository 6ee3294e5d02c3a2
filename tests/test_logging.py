"""What the logs say: each room under its own name, and none of them a secret.

A secret is a password, its hash, what is made of them on the way, and what a caller gives with a call: the value of an
in-parameter and of a query's parameter, the text of a query and the path of an object. A record names the kind of call.
"""

from __future__ import annotations

import ast
import asyncio
import logging
import re
import traceback
from collections.abc import Awaitable, Callable, Generator, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

import openwmi
from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.engine import Engine, MethodCall, Provider, Request, Row
from openwmi.model import CimClass, CimType, Method, Parameter, Property, Qualifier, Type, qualifier_set
from openwmi.operation import Operation
from openwmi.security import Logins, NtlmInitiator, ServerNames, UsersFile, add_user, nt_hash
from openwmi.session import Namespace
from openwmi.testing import FakeClockLoop

PACKAGE = Path(__file__).parents[1] / "src" / "openwmi"
SOURCES = sorted(PACKAGE.rglob("*.py"))

SECRET = "Tr0ub4dor-and-3"
LIBRARY = [path for path in SOURCES if PACKAGE / "cli" not in path.parents]
"""The rest is who runs the program, and has a say in where its records go."""
OTHERS_LOGGERS = {"spnego"}
"""Loggers that a room may turn down, and does not write to."""


# -------------------------------------------------------------------------------------------------------------- names


def _calls(path: Path) -> Iterator[tuple[str, ast.Call]]:
    """The calls of a module's functions by their dotted name."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


@pytest.mark.parametrize("path", LIBRARY, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_room_logs_under_its_own_name(path: Path) -> None:
    """So that whoever runs it can turn one room up, and no record goes to the root logger."""
    room = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    for name, call in _calls(path):
        if name == "logging.getLogger":
            (logger,) = call.args
            assert isinstance(logger, ast.Constant), f"line {call.lineno}: the name stands in the source"
            assert logger.value in {f"openwmi.{room}", *OTHERS_LOGGERS}, f"line {call.lineno}"
        else:
            assert re.fullmatch(r"logging\.\w+", name) is None, f"line {call.lineno}: {name} is not for a library"


def test_some_rooms_have_a_logger() -> None:
    named = {name for path in SOURCES for name, _ in _calls(path)}
    assert "logging.getLogger" in named, "else the test above sees nothing"


# ------------------------------------------------------------------------------------------------------------ secrets


class Log(logging.Handler):
    """Keeps all that a record could show, whatever formats it."""

    def __init__(self) -> None:
        super().__init__(logging.NOTSET)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        raised = "".join(traceback.format_exception(record.exc_info[1])) if record.exc_info else ""
        self.texts.append(f"{record.name}: {record.getMessage()} {record.__dict__!r} {raised}")

    def assert_silent_about(self, *secrets: str) -> None:
        for text in self.texts:
            for secret in secrets:
                assert secret not in text


@pytest.fixture
def log() -> Iterator[Log]:
    """Everything that is logged, with every logger that nobody has turned down as loud as it gets."""
    root, ours, handler = logging.getLogger(), logging.getLogger("openwmi"), Log()
    levels = root.level, ours.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    ours.setLevel(logging.DEBUG)
    yield handler
    root.removeHandler(handler)
    root.setLevel(levels[0])
    ours.setLevel(levels[1])


STRING, UINT32 = Type(CimType.STRING), Type(CimType.UINT32)
SAFE = CimClass(
    "Demo_Safe",
    properties=(
        Property("Name", STRING, qualifiers=qualifier_set(Qualifier("key"))),
        Property("Size", UINT32),
        Property("Password", STRING),
    ),
    methods=(
        Method(
            "Open",
            (Parameter("CommandLine", STRING), Parameter("Password", STRING, id=1), Parameter("Times", UINT32, id=2)),
            UINT32,
            qualifier_set(Qualifier("static")),
        ),
    ),
)


class Safe(Provider):
    """Does with a call what a test wants."""

    cim_class = SAFE

    def __init__(self, behaviour: Callable[[str], Any]) -> None:
        self._behaviour = behaviour

    def instances(self, request: Request) -> Sequence[Row]:
        found = self._behaviour(SECRET)
        rows: Sequence[Row] = [{"Name": "x", "Size": SECRET}] if isinstance(found, Awaitable) else found
        return rows

    @openwmi.method("Open")
    async def open(self, call: MethodCall) -> Row:
        found = self._behaviour(str(call.inputs["CommandLine"]))
        row: Row = await found if isinstance(found, Awaitable) else found
        return row


def _raise(given: str) -> Any:
    raise OSError(f"cannot run {given!r}")


def _raise_from(given: str) -> Any:
    try:
        raise ValueError(given)
    except ValueError as error:
        raise OSError(given) from error


def _refuse(given: str) -> Any:
    raise WbemError(WbemStatus.ACCESS_DENIED, f"you may not run {given!r}")


BEHAVIOURS: dict[str, Callable[[str], Any]] = {
    "raises": _raise,
    "raises because": _raise_from,
    "refuses": _refuse,
    "returns nonsense": lambda given: {"ReturnValue": given},
    "returns no row": lambda given: given,
    "hangs": lambda _: _Hang(),
}

CALLS: dict[str, Callable[[Namespace], Operation[Any]]] = {
    "call": lambda ns: ns.call("Demo_Safe", "Open", CommandLine=f"open --password={SECRET}", Password=SECRET),
    "call with a wrong type": lambda ns: ns.call("Demo_Safe", "Open", Times=SECRET),
    "call with an unknown parameter": lambda ns: ns.call("Demo_Safe", "Open", Passwort=SECRET),
    "query": lambda ns: ns.query("SELECT * FROM Demo_Safe WHERE Password = :password", password=SECRET),
    "query with a wrong type": lambda ns: ns.query("SELECT * FROM Demo_Safe WHERE Size = :size", size=SECRET),
    "query with an unknown parameter": lambda ns: ns.query("SELECT * FROM Demo_Safe", password=SECRET),
}


LITERALS: dict[str, Callable[[Namespace], Operation[Any]]] = {
    "query": lambda ns: ns.query(f"SELECT * FROM Demo_Safe WHERE Password = '{SECRET}'"),
    "get": lambda ns: ns.get(f"Demo_Safe.Name='{SECRET}'"),
    "call": lambda ns: ns.call(f"Demo_Safe.Name='{SECRET}'", "Open"),
    "instances": lambda ns: ns.instances(SECRET),
    "classes": lambda ns: ns.classes(SECRET),
}
"""By the kind of call that their records name. The last two fail with whatever provider."""


class _Hang:
    def __await__(self) -> Generator[Any, None, Any]:
        return asyncio.Event().wait().__await__()


class FailingSink(openwmi.Sink[Any]):
    """Breaks at whatever it hears."""

    async def set_status(self, status: Any, error: WbemError | None) -> None:
        raise RuntimeError("the sink broke")


@pytest.mark.parametrize("behaviour", BEHAVIOURS)
@pytest.mark.parametrize("call", CALLS)
def test_what_a_caller_gives_is_in_no_record(call: str, behaviour: str, log: Log) -> None:
    """Nor what the provider makes of it: seen or unseen, waited for or pushed to a sink, in time or not."""

    async def make_calls() -> None:
        session = Engine("HOST1", [Safe(BEHAVIOURS[behaviour])]).session(r"root\cimv2")
        async with Namespace(session).options(timeout=5) as ns:
            with suppress(WbemError):
                await CALLS[call](ns)
            unseen = CALLS[call](ns)
            await asyncio.sleep(6)
            unseen.close()
            await CALLS[call](ns.with_sink(FailingSink())).status()

    with asyncio.Runner(loop_factory=FakeClockLoop, debug=True) as runner:
        runner.run(make_calls())
    assert any("openwmi.operation: nobody saw the failure of" in text for text in log.texts)
    log.assert_silent_about(SECRET)


class AskingSink(openwmi.Sink[Any]):
    """Makes a call of its own, which fails with the text of its query, or hears nothing for a minute."""

    def __init__(self, ns: Namespace, seconds: float) -> None:
        self._ns = ns
        self._seconds = seconds

    async def set_status(self, status: Any, error: WbemError | None) -> None:
        await asyncio.sleep(self._seconds)
        await self._ns.query(f"SELECT * FROM {SECRET}")


@pytest.mark.parametrize("kind", LITERALS)
def test_a_text_or_path_is_in_no_record(kind: str, log: Log) -> None:
    """Of a sink that fails, one that takes too long, a callback that fails, and a failure that nobody saw."""

    async def make_calls() -> None:
        ns = Namespace(Engine("HOST1", [Safe(_raise)]).session(r"root\cimv2"))
        for seconds in (0, 60):
            await LITERALS[kind](ns.with_sink(AskingSink(ns, seconds))).status()
            await asyncio.sleep(100)
        heard = LITERALS[kind](ns)
        heard.add_done_callback(lambda call: _raise(call.name))
        await heard.status()
        unseen = LITERALS[kind](ns)
        await asyncio.sleep(1)
        unseen.close()

    with asyncio.Runner(loop_factory=FakeClockLoop, debug=True) as runner:
        runner.run(make_calls())
    for said in (
        f"a sink of {kind} failed, and the call is cancelled: ",
        f"a sink of {kind} took more than 30 s",
        f"a callback at the end of {kind} failed: OSError",
        f"nobody saw the failure of {kind}: WBEM_E_",
    ):
        assert any(text.startswith(f"openwmi.operation: {said}") for text in log.texts), (said, log.texts)
    log.assert_silent_about(SECRET)


def test_a_bug_of_a_producer_is_logged_without_what_was_asked(log: Log) -> None:
    async def buggy(results: Any) -> None:
        raise KeyError(SECRET)

    async def make_calls() -> None:
        for name in (f"query {SECRET}", ""):
            with pytest.raises(WbemError, match=SECRET):
                await Operation.start(buggy, name)

    asyncio.run(make_calls(), debug=True)
    said = [text for text in log.texts if text.startswith("openwmi.operation: ")]
    assert [text.partition(" failed: KeyError\n")[0].partition(": ")[2] for text in said] == ["query", "a call"]
    assert all("in buggy" in text for text in said), "it says where"
    log.assert_silent_about(SECRET)


def test_the_failure_itself_says_what_the_log_does_not() -> None:
    """It goes to whoever gave the value."""

    async def make_calls() -> None:
        ns = Namespace(Engine("HOST1", [Safe(_raise)]).session(r"root\cimv2"))
        for call in ("call", "call with a wrong type", "query with a wrong type"):
            with pytest.raises(WbemError, match=SECRET):
                await CALLS[call](ns)

    asyncio.run(make_calls())


@pytest.mark.parametrize(
    "inputs",
    [
        {"CommandLine": f"/nowhere/at/all --password={SECRET}"},
        {"CommandLine": f"unclosed ' {SECRET}"},
        {"CommandLine": SECRET, "CurrentDirectory": f"/nowhere/{SECRET}"},
        {"CommandLine": 5, "CurrentDirectory": SECRET},
        {"CommandLin": SECRET},
    ],
)
def test_a_command_line_is_in_no_record(inputs: dict[str, object], log: Log) -> None:
    async def create() -> None:
        async with openwmi.connect() as ns:
            call = ns.call("Win32_Process", "Create", **inputs)
            await asyncio.wait([asyncio.ensure_future(call.status())])
            call.close()

    asyncio.run(create(), debug=True)  # asyncio itself logs in this mode
    log.assert_silent_about(SECRET)


# ------------------------------------------------------------------------------------------------------------- logins


class Peer:
    """The association's end of a login."""

    def __init__(self) -> None:
        self.answer: bytes | None = None

    def accept_token(self, auth_context_id: int, token: bytes, context: object, /) -> None:
        self.answer = token

    def refuse_token(self, auth_context_id: int, /) -> None:
        self.answer = None


class Token:
    auth_context_id, auth_type = 1, 10

    def __init__(self, token: bytes) -> None:
        self.token = token


def _all_spellings(password: str) -> list[str]:
    """The password and its hash, as text and as octets would be shown."""
    octets = [password.encode(), password.encode("utf-16-le"), nt_hash(password)]
    return [password, *(one.hex() for one in octets), *(repr(one)[2:-1] for one in octets)]


@pytest.mark.parametrize("given", [SECRET, f"wrong-{SECRET}"])
def test_a_login_leaves_no_password_behind(given: str, log: Log, tmp_path: Path) -> None:
    users = tmp_path / "users"
    add_user(users, r"DOM\me", SECRET)
    logins, peer = Logins(UsersFile(users), ServerNames("SRV1", "DOM", "srv1", ""), peer="192.0.2.7"), Peer()
    initiator = NtlmInitiator("me", given, "DOM")
    tokens = [initiator.step().token]
    assert logins.answer(peer, Token(tokens[-1]))
    assert peer.answer is not None
    finished = initiator.step(peer.answer)
    tokens.append(finished.token)
    assert logins.answer(peer, Token(tokens[-1])) is (given == SECRET)
    assert finished.context is not None
    assert any("openwmi.security: " in text and "192.0.2.7" in text for text in log.texts)
    log.assert_silent_about(*_all_spellings(SECRET), *_all_spellings(given))
    # From the last message a password can be guessed, whoever has it.
    log.assert_silent_about(tokens[-1].hex(), repr(tokens[-1])[2:-1])


@pytest.mark.parametrize("line", ["me:{}:x:y", "DOM:me", "DOM\\me:{}", "{}"])
def test_a_line_of_the_users_file_is_in_no_record_and_in_no_error(line: str, log: Log, tmp_path: Path) -> None:
    users = tmp_path / "users"
    users.touch(mode=0o600)
    logins, good = UsersFile(users), nt_hash(SECRET).hex()
    users.write_text(line.format(SECRET) + "\n" + good + "\n")
    with pytest.raises(WbemError) as caught:
        logins.lookup("DOM", "me", "SRV1")
    for secret in _all_spellings(SECRET):
        assert secret not in str(caught.value)
    assert log.texts == []
