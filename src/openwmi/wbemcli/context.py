"""IWbemContext: named values that go along with a call, for the provider ([MS-WMI] 2.2.13, wbemcli.h)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from openwmi.base.case import NameMap, fold
from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.blocking.com.calling import com_method, require, require_no_flags
from openwmi.blocking.com.unknown import IUnknown
from openwmi.wbemcli import constants as c
from openwmi.wbemcli.classobject import faced, plain
from openwmi.wbemcli.enumeration import Enumeration
from openwmi.wbemcli.statuses import WBEM_S_NO_ERROR, WBEM_S_NO_MORE_DATA
from openwmi.wbemcli.variant import VARIANT, as_variant, from_variant

# [MS-WMI] 2.2.13.2, PropertyType. The SDK recommends VT_I4, VT_R8, VT_BOOL, VT_BSTR and VT_UNKNOWN to providers.
_TYPES: Final = frozenset(
    {c.VT_NULL, c.VT_I1, c.VT_UI1, c.VT_I2, c.VT_UI2, c.VT_I4, c.VT_UI4}
    | {c.VT_R4, c.VT_R8, c.VT_BSTR, c.VT_BOOL, c.VT_UNKNOWN}
)


class IWbemContext(IUnknown, iid="44aca674-e8fc-11d0-a07c-00c04fb68820"):
    """A bag of named values. It can be used for one call and then for another; each takes what there is when it begins.

    Names are found without regard to case. An embedded object is copied when it is set and when it is got.
    """

    def __init__(self, values: Mapping[str, object] = MappingProxyType({})) -> None:
        self._values: NameMap[Any] = NameMap([(name, _storable(name, value)) for name, value in values.items()])
        self._enumeration: Enumeration[tuple[str, Any]] = Enumeration()

    @property
    def values_(self) -> Mapping[str, Any]:
        """What there is now, as a call takes it along: embedded objects are those of the model."""
        return self._values

    @com_method(1)
    def Clone(self) -> tuple[int, IWbemContext | None]:
        """(hresult, ppNewCopy): a copy, which changes on its own."""
        made = IWbemContext()
        made._values = self._values
        return WBEM_S_NO_ERROR, made

    @com_method(1)
    def GetNames(self, lFlags: int = 0) -> tuple[int, tuple[str, ...] | None]:
        """(hresult, pNames). INVALID_PARAMETER."""
        require_no_flags(lFlags)
        return WBEM_S_NO_ERROR, tuple(self._values)

    @com_method()
    def BeginEnumeration(self, lFlags: int = 0) -> int:
        """Before the first Next; it begins again. INVALID_PARAMETER."""
        require_no_flags(lFlags)
        self._enumeration.begin(self._values.items(), again=True)
        return WBEM_S_NO_ERROR

    @com_method(2)
    def Next(self, lFlags: int = 0) -> tuple[int, str | None, Any]:
        """(hresult, pstrName, pValue): the next; WBEM_S_NO_MORE_DATA after the last.

        UNEXPECTED before BeginEnumeration, INVALID_PARAMETER.
        """
        require_no_flags(lFlags)
        found = self._enumeration.next()
        return (WBEM_S_NO_MORE_DATA, None, None) if found is None else (WBEM_S_NO_ERROR, found[0], faced(found[1]))

    @com_method()
    def EndEnumeration(self) -> int:
        """Ends an enumeration, if there is one."""
        self._enumeration.end()
        return WBEM_S_NO_ERROR

    @com_method()
    def SetValue(self, wszName: str, lFlags: int, pValue: object) -> int:
        """Sets a value: bool, int, float, str, an IWbemClassObject, or a list of one of these; or a VARIANT of them.

        INVALID_PARAMETER for anything else, and for None: NULL is VARIANT(VT_NULL).
        """
        require_no_flags(lFlags)
        require(isinstance(wszName, str), "wszName is the name of a value")
        require(pValue is not None, "pValue points to a VARIANT")
        value = _storable(wszName, pValue)
        self._values = NameMap([*self._values.items(), (wszName, value)])
        return WBEM_S_NO_ERROR

    @com_method(1)
    def GetValue(self, wszName: str, lFlags: int = 0) -> tuple[int, Any]:
        """(hresult, pValue). NOT_FOUND, INVALID_PARAMETER."""
        require_no_flags(lFlags)
        self._check(wszName)
        return WBEM_S_NO_ERROR, faced(self._values[wszName])

    @com_method()
    def DeleteValue(self, wszName: str, lFlags: int = 0) -> int:
        """Deletes a value. NOT_FOUND, INVALID_PARAMETER."""
        require_no_flags(lFlags)
        self._check(wszName)
        self._values = NameMap([(n, value) for n, value in self._values.items() if fold(n) != fold(wszName)])
        return WBEM_S_NO_ERROR

    @com_method()
    def DeleteAll(self) -> int:
        """Deletes all values."""
        self._values = NameMap()
        return WBEM_S_NO_ERROR

    def _check(self, name: str) -> None:
        require(isinstance(name, str), "wszName is the name of a value")
        if name not in self._values:
            raise WbemError(WbemStatus.NOT_FOUND, f"the context has no value {name!r}")


def _storable(name: str, value: object) -> Any:
    """As the model has it. INVALID_PARAMETER for what no context can carry."""
    value = plain(value)
    variant = as_variant(value)
    vt = variant.vt & ~c.VT_ARRAY
    empty = vt == c.VT_VARIANT and variant.value == ()
    require(vt in _TYPES or empty, f"{name}: a context cannot carry {value!r} (VT_ {variant.vt})")
    if empty:
        return ()
    # A plain value is what the package has everywhere; only a VARIANT has to be understood.
    return from_variant(variant) if isinstance(value, VARIANT) else value
