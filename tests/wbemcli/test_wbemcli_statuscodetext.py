"""IWbemStatusCodeText."""

import pytest

from openwmi.base.status import LocalStatus, WbemStatus
from openwmi.wbemcli import (
    E_ACCESSDENIED,
    RPC_E_DISCONNECTED,
    RPC_S_SERVER_UNAVAILABLE,
    S_OK,
    WBEM_E_INVALID_PARAMETER,
    WBEM_E_NOT_FOUND,
    WBEM_E_SYSTEM_PROPERTY,
    WBEMESS_E_AUTHZ_NOT_PRIVILEGED,
    WBEMMOF_E_EXPECTED_SEMI,
    IWbemStatusCodeText,
)


@pytest.mark.parametrize(
    ("hr", "text", "facility"),
    [
        (WBEM_E_NOT_FOUND, WbemStatus.NOT_FOUND.text, "WBEM"),
        (WBEM_E_NOT_FOUND - (1 << 32), WbemStatus.NOT_FOUND.text, "WBEM"),
        (WBEM_E_SYSTEM_PROPERTY, LocalStatus.SYSTEM_PROPERTY.text, "WBEM"),
        (WBEMMOF_E_EXPECTED_SEMI, "a semicolon or an equals sign was expected", "WBEM"),
        (E_ACCESSDENIED, "access is denied", "Windows"),
        (RPC_E_DISCONNECTED, "the object is no longer there", "RPC"),
        (RPC_S_SERVER_UNAVAILABLE, "the RPC server is not available", "Windows"),
        (0x8009030C, "0x8009030C", "SSPI"),
        (0x80041FFF, "0x80041FFF", "WBEM"),
        (0x800401F0, "0x800401F0", "Windows"),
        (0x80070002, "0x80070002", "Windows"),
        (S_OK, WbemStatus.NO_ERROR.text, "Windows"),
    ],
)
def test_texts(hr: int, text: str, facility: str) -> None:
    codes = IWbemStatusCodeText()
    assert codes.GetErrorCodeText(hr, 0, 0) == (S_OK, text)
    assert codes.GetFacilityCodeText(hr, 0, 0) == (S_OK, facility)


def test_one_that_the_tables_do_not_have() -> None:
    hr, text = IWbemStatusCodeText().GetErrorCodeText(WBEMESS_E_AUTHZ_NOT_PRIVILEGED)
    assert hr == S_OK
    assert text is not None
    assert "rights" in text


@pytest.mark.parametrize(("locale", "flags"), [(1033, 0), (0, 1)])
def test_locale_and_flags_are_reserved(locale: int, flags: int) -> None:
    codes = IWbemStatusCodeText()
    assert codes.GetErrorCodeText(WBEM_E_NOT_FOUND, locale, flags) == (WBEM_E_INVALID_PARAMETER, None)
    assert codes.GetFacilityCodeText(WBEM_E_NOT_FOUND, locale, flags) == (WBEM_E_INVALID_PARAMETER, None)
