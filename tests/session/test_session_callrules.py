"""Which call takes which flags, and what a NULL out parameter means: [MS-WMI] 3.1.4.3, method by method."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from openwmi.base.error import WbemError
from openwmi.base.limits import CLASS_NAME_CHARS, OBJECT_PATH_CHARS, QUERY_CHARS
from openwmi.base.status import WbemStatus
from openwmi.interfaces import IWbemServices
from openwmi.model import ChangeFlag
from openwmi.operation import CallFlags
from openwmi.session.asking import checked_class_name, checked_instance_path, checked_path, checked_query, checked_text
from openwmi.session.modes import EXCLUSIVE, IGNORED, INFINITE, RULES, CallRule, Gives, Results, Through, seconds

AMENDED, NOW, STATUS, DIRECT, SHALLOW, FORWARD = 0x20000, 0x10, 0x80, 0x200, 0x1, 0x20
PROTOTYPE, LOCATABLE, UPDATE, CREATE, SAFE, FORCE = 0x2, 0x100, 0x1, 0x2, 0x20, 0x40

# As the flag tables of the sections print them; the sum is what may be set. LOCATABLE is on the SDK's page alone.
PRINTED = {
    "OpenNamespace": NOW,
    "GetObject": AMENDED | NOW | DIRECT,
    "GetObjectAsync": AMENDED | STATUS | DIRECT,
    "PutClass": AMENDED | NOW | UPDATE | CREATE | FORCE | SAFE,
    "PutClassAsync": AMENDED | UPDATE | CREATE | FORCE | SAFE | STATUS,
    "DeleteClass": NOW,
    "DeleteClassAsync": STATUS,
    "CreateClassEnum": AMENDED | NOW | SHALLOW | FORWARD,
    "CreateClassEnumAsync": AMENDED | STATUS | SHALLOW,
    "PutInstance": AMENDED | NOW | UPDATE | CREATE,
    "PutInstanceAsync": AMENDED | UPDATE | CREATE | STATUS,
    "DeleteInstance": NOW,
    "DeleteInstanceAsync": STATUS,
    "CreateInstanceEnum": AMENDED | NOW | DIRECT | SHALLOW | FORWARD,
    "CreateInstanceEnumAsync": AMENDED | STATUS | DIRECT | SHALLOW,
    "ExecQuery": AMENDED | NOW | DIRECT | PROTOTYPE | FORWARD | LOCATABLE,
    "ExecQueryAsync": AMENDED | STATUS | PROTOTYPE | DIRECT | LOCATABLE,
    "ExecNotificationQuery": AMENDED | NOW | FORWARD,
    "ExecNotificationQueryAsync": AMENDED | STATUS,
    "ExecMethod": NOW,
    "ExecMethodAsync": STATUS,
}

each_method = pytest.mark.parametrize("method", PRINTED)


def _refused(rule: CallRule, flags: int) -> bool:
    try:
        rule.read(flags)
    except WbemError as error:
        assert error.status == WbemStatus.INVALID_PARAMETER
        assert rule.method in error.message
        return True
    return False


def test_every_method_with_modes_has_a_rule() -> None:
    methods = {name for name in vars(IWbemServices) if re.fullmatch(r"[A-Z][A-Za-z]+", name)}
    assert methods - RULES.keys() == {"CancelAsyncCall", "QueryObjectSink"}
    assert len(RULES) == 21


@each_method
def test_each_bit(method: str) -> None:
    """[MS-WMI]: "Any other DWORD value that does not match a flag condition MUST be treated as not valid."."""
    rule = RULES[method]
    needed = int(rule.needed)
    for bit in (1 << number for number in range(32)):
        allowed = bool(bit & (PRINTED[method] | IGNORED))
        assert _refused(rule, bit | needed) == (not allowed), hex(bit)


@each_method
def test_signed_flags_are_the_same_bits(method: str) -> None:
    rule = RULES[method]
    for flags in (-1, -0x80000000, 0xFFFFFFFF, 1 << 32, -(1 << 32), "0", 0.5, None):
        assert _refused(rule, flags), repr(flags)  # type: ignore[arg-type]


@each_method
def test_what_must_be_ignored_is(method: str) -> None:
    """2.2.6: WBEM_FLAG_NO_ERROR_OBJECT and the reserved ones "MUST be ignored on receipt"."""
    rule = RULES[method]
    needed = int(rule.needed)
    ignored = IGNORED & ~PRINTED[method]
    assert ignored & 0x1F000 == 0x1F000
    assert rule.read(ignored | needed) == rule.read(needed)


@each_method
def test_names_say_the_mode(method: str) -> None:
    results = RULES[method].results
    if method.endswith("Async"):
        assert results is Results.PUSHED
    else:
        assert results is (Results.MANY if method.endswith(("Enum", "Query")) else Results.ONE)
    assert CallFlags.FORWARD_ONLY not in RULES[method].flags or results is Results.MANY


@each_method
def test_sections_are_those_of_the_document(method: str) -> None:
    """In the order of opnums, from 3.1.4.3.1 on, which CancelAsyncCall and QueryObjectSink are part of."""
    order = [name for name in vars(IWbemServices) if re.fullmatch(r"[A-Z][A-Za-z]+", name)]
    assert RULES[method].section == f"3.1.4.3.{order.index(method) + 1}"


def test_flags_that_exclude_each_other() -> None:
    """3.1.4.3.6: UPDATE_ONLY and CREATE_ONLY are "mutually exclusive", and so are SAFE_MODE and FORCE_MODE."""
    for method in ("PutClass", "PutClassAsync", "PutInstance", "PutInstanceAsync"):
        rule = RULES[method]
        assert _refused(rule, UPDATE | CREATE)
        for pair in EXCLUSIVE:
            for one in pair & rule.changes:
                assert rule.read(int(one)).changes == one
    for method in ("PutClass", "PutClassAsync"):
        assert _refused(RULES[method], SAFE | FORCE)
        assert RULES[method].read(UPDATE | SAFE).changes == ChangeFlag.UPDATE_ONLY | ChangeFlag.UPDATE_SAFE_MODE


def test_one_bit_has_several_meanings() -> None:
    assert RULES["PutClass"].read(FORWARD).flags == CallFlags.NONE
    assert RULES["PutInstance"].read(PROTOTYPE).flags == CallFlags.NONE
    assert RULES["ExecQuery"].read(PROTOTYPE).changes == ChangeFlag.CREATE_OR_UPDATE
    shallow = RULES["CreateInstanceEnum"].read(SHALLOW | FORWARD)
    assert (shallow.shallow, shallow.flags, shallow.changes) == (True, CallFlags.FORWARD_ONLY, ChangeFlag(0))
    assert not RULES["PutInstance"].read(UPDATE).shallow


def test_a_stream_without_an_end_is_neither_synchronous_nor_kept() -> None:
    """3.1.4.3.20: "This flag MUST always be set.", of both."""
    rule = RULES["ExecNotificationQuery"]
    for flags in (0, NOW, FORWARD, AMENDED | NOW):
        assert _refused(rule, flags)
    assert rule.read(NOW | FORWARD).flags == CallFlags.RETURN_IMMEDIATELY | CallFlags.FORWARD_ONLY
    assert RULES["ExecNotificationQueryAsync"].read(STATUS).flags == CallFlags.NONE, '"This flag is ignored."'


def test_what_a_call_leaves_for_the_getters() -> None:
    """3.1.4.5, and the SDK's page of GetCallStatus."""
    gives = {method: rule.gives for method, rule in RULES.items() if rule.results is Results.ONE}
    assert gives == {
        "OpenNamespace": Gives.SERVICES,
        "GetObject": Gives.OBJECT,
        "PutClass": Gives.NOTHING,
        "DeleteClass": Gives.NOTHING,
        "PutInstance": Gives.STRING,
        "DeleteInstance": Gives.NOTHING,
        "ExecMethod": Gives.OBJECT,
    }
    for method, rule in RULES.items():
        if method.endswith("Async"):
            assert rule.gives is RULES[method.removesuffix("Async")].gives


ONE = [method for method, rule in RULES.items() if rule.results is Results.ONE]


@pytest.mark.parametrize("method", ONE)
def test_at_once_without_a_call_result(method: str) -> None:
    """3.1.4.3.4 and all others: "The ppCallResult parameter MUST NOT be NULL upon input" with the flag."""
    rule = RULES[method]
    for out in (False, True):
        with pytest.raises(WbemError) as caught:
            rule.by_call_result(rule.read(NOW), call_result=False, out=out)
        assert caught.value.status == WbemStatus.INVALID_PARAMETER
        assert rule.by_call_result(rule.read(NOW), call_result=True, out=out)


@pytest.mark.parametrize("method", ONE)
def test_a_call_result_without_the_flag(method: str) -> None:
    """The puts, the deletes, OpenNamespace; the SDK's page: ExecMethod, too ("the call returns immediately")."""
    rule = RULES[method]
    waited = rule.read(0)
    if method == "GetObject":
        # The table of 3.1.4.3.4 sets it to NULL. The SDK's "Making a Semisynchronous Call with C++" passes 0 as lFlags,
        # NULL as ppObject, and gets its object through ppCallResult.
        assert rule.through is Through.ALONE
        assert not rule.by_call_result(waited, call_result=True, out=True)
        assert rule.by_call_result(waited, call_result=True, out=False)
    else:
        assert rule.by_call_result(waited, call_result=True, out=True)
        assert rule.by_call_result(waited, call_result=True, out=False)
    assert not rule.by_call_result(waited, call_result=False, out=True)


@pytest.mark.parametrize("method", ONE)
def test_no_place_for_the_result_of_a_call_that_is_waited_for(method: str) -> None:
    """3.1.4.3.1, 3.1.4.3.22: not NULL; 3.1.4.3.4: "If the parameter is set to NULL, the server MUST ignore it"."""
    rule = RULES[method]
    if method in {"OpenNamespace", "ExecMethod"}:
        with pytest.raises(WbemError) as caught:
            rule.by_call_result(rule.read(0), call_result=False, out=False)
        assert caught.value.status == WbemStatus.INVALID_PARAMETER
    else:
        assert not rule.by_call_result(rule.read(0), call_result=False, out=False)


def test_what_is_asked_again_is_not_taken_apart_again() -> None:
    rule = RULES["ExecQuery"]
    assert rule.read(0x30) is rule.read(0x30)
    for reserved in range(0x1000, 0x1F000, 0x1000):  # whoever asks with all of them does not fill memory
        assert rule.read(0x30 | reserved) == rule.read(0x30)
        assert rule.read(0x30 | reserved) is not rule.read(0x30)


# Times, and texts.


@pytest.mark.parametrize(
    ("given", "expected"), [(0, 0), (1500, 1.5), (0x7FFFFFFF, 2147483.647), (INFINITE, None), (-1, None)]
)
def test_times(given: int, expected: float | None) -> None:
    assert seconds(given) == expected


@pytest.mark.parametrize("given", [-2, 0x80000000, 0xFFFFFFFE, 1 << 32, 1.5, None, "5"])
def test_what_is_no_time(given: int) -> None:
    with pytest.raises(WbemError) as caught:
        seconds(given)
    assert caught.value.status == WbemStatus.INVALID_PARAMETER


PARAMETER, QUOTA = WbemStatus.INVALID_PARAMETER, WbemStatus.QUOTA_VIOLATION


@pytest.mark.parametrize(
    ("language", "text", "status"),
    [
        (None, None, PARAMETER),
        (None, "SELECT * FROM A", PARAMETER),
        ("wql", None, PARAMETER),
        ("SQL", None, PARAMETER),
        ("wql", "", PARAMETER),
        ("", "SELECT * FROM A", PARAMETER),
        (5, "SELECT * FROM A", PARAMETER),
        ("WQL", b"SELECT * FROM A", PARAMETER),
        ("SQL", "SELECT * FROM A", WbemStatus.INVALID_QUERY_TYPE),
        ("WQL", "x" * (QUERY_CHARS + 1), QUOTA),
    ],
)
def test_queries_that_are_none(language: str, text: str, status: WbemStatus) -> None:
    with pytest.raises(WbemError) as caught:
        checked_query(language, text)
    assert caught.value.status == status


def test_queries() -> None:
    for language in ("WQL", "wql", "Wql"):
        assert checked_query(language, "x" * QUERY_CHARS) == "x" * QUERY_CHARS


def test_paths_and_names() -> None:
    assert checked_path('A.K="x"') == 'A.K="x"'
    assert checked_class_name("Demo_Lamp") == "Demo_Lamp"
    assert checked_instance_path("Demo_Clock=@") == "Demo_Clock=@"
    refused: list[tuple[Callable[[], object], WbemStatus]] = [
        (lambda: checked_path(None), PARAMETER),
        (lambda: checked_path(""), PARAMETER),
        (lambda: checked_path("A" * (OBJECT_PATH_CHARS + 1)), QUOTA),
        (lambda: checked_class_name(None), PARAMETER),
        (lambda: checked_class_name("A" * (CLASS_NAME_CHARS + 1)), QUOTA),
        (lambda: checked_class_name("A.K=1"), WbemStatus.INVALID_CLASS),
        (lambda: checked_class_name("A B"), WbemStatus.INVALID_CLASS),
        (lambda: checked_instance_path("A"), WbemStatus.INVALID_OBJECT_PATH),
        (lambda: checked_instance_path(None), PARAMETER),
        (lambda: checked_text("a name", 5), PARAMETER),  # type: ignore[arg-type]
    ]
    for call, status in refused:
        with pytest.raises(WbemError) as caught:
            call()
        assert caught.value.status == status
