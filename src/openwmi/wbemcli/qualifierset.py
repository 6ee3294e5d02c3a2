"""IWbemQualifierSet: the qualifiers of a class, an instance, a property or a method."""

from __future__ import annotations

from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.blocking.com.calling import com_method, require, require_no_flags
from openwmi.blocking.com.unknown import IUnknown
from openwmi.model import Qualifier, Value
from openwmi.wbemcli import selecting
from openwmi.wbemcli.draft import Draft, Place
from openwmi.wbemcli.enumeration import Enumeration
from openwmi.wbemcli.statuses import WBEM_S_NO_ERROR, WBEM_S_NO_MORE_DATA


class IWbemQualifierSet(IUnknown, iid="dc12a680-737f-11cf-884d-00aa004b2e24"):
    """The qualifiers of one thing. What is put here is put on the object from which the set was got, at once.

    Values are bool, int, float, str, or a tuple of one of these; a VARIANT of them can be put as well.
    """

    def __init__(self, draft: Draft, place: Place) -> None:
        self._draft = draft
        self._place = place
        self._enumeration: Enumeration[Qualifier] = Enumeration()

    @com_method(2)
    def Get(self, wszName: str, lFlags: int = 0) -> tuple[int, Value, int | None]:
        """(hresult, pVal, plFlavor): a qualifier. NOT_FOUND, INVALID_PARAMETER."""
        require_no_flags(lFlags)
        require(isinstance(wszName, str), "wszName is the name of a qualifier")
        found = self._draft.qualifiers(self._place).get(wszName)
        if found is None:
            raise WbemError(WbemStatus.NOT_FOUND, f"there is no qualifier {wszName!r}")
        return WBEM_S_NO_ERROR, found.value, int(found.flavor)

    @com_method()
    def Put(self, wszName: str, pVal: object, lFlavor: int = 0) -> int:
        """Sets a qualifier. CANNOT_BE_KEY, INVALID_PARAMETER, INVALID_QUALIFIER_TYPE, OVERRIDE_NOT_ALLOWED; for Key on
        what is no property INVALID_QUALIFIER.
        """
        self._draft.put_qualifier(self._place, wszName, pVal, lFlavor)
        return WBEM_S_NO_ERROR

    @com_method()
    def Delete(self, wszName: str) -> int:
        """Deletes a qualifier; WBEM_S_RESET_TO_DEFAULT where an inherited one then counts again.

        NOT_FOUND, INVALID_PARAMETER, INVALID_OPERATION for CIMTYPE, PROPAGATED_QUALIFIER for one that is inherited.
        """
        require(isinstance(wszName, str), "wszName is the name of a qualifier")
        return self._draft.delete_qualifier(self._place, wszName)

    @com_method(1)
    def GetNames(self, lFlags: int = 0) -> tuple[int, tuple[str, ...] | None]:
        """(hresult, pNames): of all, or of those for WBEM_FLAG_LOCAL_ONLY or _PROPAGATED_ONLY. INVALID_PARAMETER."""
        return WBEM_S_NO_ERROR, tuple([each.name for each in self._selected(lFlags)])

    @com_method()
    def BeginEnumeration(self, lFlags: int = 0) -> int:
        """Before the first Next. INVALID_PARAMETER; UNEXPECTED if one is under way."""
        self._enumeration.begin(self._selected(lFlags))
        return WBEM_S_NO_ERROR

    @com_method(3)
    def Next(self, lFlags: int = 0) -> tuple[int, str | None, Value, int | None]:
        """(hresult, pstrName, pVal, plFlavor): the next; WBEM_S_NO_MORE_DATA after the last. UNEXPECTED before
        BeginEnumeration, INVALID_PARAMETER.
        """
        require_no_flags(lFlags)
        found = self._enumeration.next()
        if found is None:
            return WBEM_S_NO_MORE_DATA, None, None, None
        return WBEM_S_NO_ERROR, found.name, found.value, int(found.flavor)

    @com_method()
    def EndEnumeration(self) -> int:
        """Ends an enumeration, if there is one."""
        self._enumeration.end()
        return WBEM_S_NO_ERROR

    def _selected(self, flags: int) -> list[Qualifier]:
        return selecting.qualifiers(self._draft.qualifiers(self._place), flags)
