"""Where a caller wants to connect to: the forms that real Windows takes and refuses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.model import parse_namespace


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"\\.\ROOT", (None, "ROOT")),
        (r"\/.\ROOT", (None, "ROOT")),
        (r"//.\ROOT", (None, "ROOT")),
        (r"\\./ROOT", (None, "ROOT")),
        ("//./ROOT", (None, "ROOT")),
        ("ROOT", (None, "ROOT")),
        (r"ROOT\CIMV2", (None, r"ROOT\CIMV2")),
        ("ROOT/CIMV2", (None, r"ROOT\CIMV2")),
        ("root/cimv2", (None, r"root\cimv2")),
        (r"\\srv1\root\cimv2", ("srv1", r"root\cimv2")),
        ("//srv1.example.com/root/cimv2/ms_409", ("srv1.example.com", r"root\cimv2\ms_409")),
        (r"\\192.0.2.7\root", ("192.0.2.7", "root")),
        (r"\\[2001:db8::1]\root", ("[2001:db8::1]", "root")),
        # Whether a namespace exists is the server's to say.
        ("NONE", (None, "NONE")),
        (r"\\.\NONE", (None, "NONE")),
        (r"ROOT\NONE", (None, r"ROOT\NONE")),
    ],
)
def test_taken(text: str, expected: tuple[str | None, str]) -> None:
    assert parse_namespace(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", "\\", "\\\\", "\\\\.", "\\ROOT", "/ROOT", "\\\\.\\", "ROOT\\\\CIMV2", "ROOT\\CIMV2\\", "\\\\srv\\", "//./"],
)
def test_no_namespace(text: str) -> None:
    with pytest.raises(WbemError) as caught:
        parse_namespace(text)
    assert caught.value.status is WbemStatus.INVALID_NAMESPACE
    assert repr(text) in caught.value.message


@pytest.mark.parametrize("text", [r"\\\.\ROOT", "///./ROOT"])
def test_windows_calls_a_third_slash_an_invalid_parameter(text: str) -> None:
    with pytest.raises(WbemError) as caught:
        parse_namespace(text)
    assert caught.value.status is WbemStatus.INVALID_PARAMETER


@pytest.mark.parametrize(("text", "host"), [(r"\\ROOT", "ROOT"), (r"\\.ROOT", ".ROOT"), ("//srv1", "srv1")])
def test_windows_takes_what_follows_two_slashes_for_a_host(text: str, host: str) -> None:
    """There the call fails with "RPC server unavailable", for a host of that name does not answer."""
    assert parse_namespace(text) == (host, "")


@pytest.mark.parametrize(
    "text", [r"root\cimv2:Win32_Process", "root cimv2", 'root"', "root\0", r"\\s v\root", r"\\s=v"]
)
def test_what_no_namespace_can_be_called(text: str) -> None:
    with pytest.raises(WbemError) as caught:
        parse_namespace(text)
    assert caught.value.status is WbemStatus.INVALID_NAMESPACE


@given(st.text(max_size=20) | st.text("\\/.rR:", max_size=12))
def test_any_text_parses_or_is_refused(text: str) -> None:
    try:
        server, namespace = parse_namespace(text)
    except WbemError as error:
        assert error.status in {WbemStatus.INVALID_NAMESPACE, WbemStatus.INVALID_PARAMETER}
    else:
        again = f"\\\\{server or '.'}\\{namespace}" if namespace else f"\\\\{server}"
        assert parse_namespace(again) == (server, namespace)
