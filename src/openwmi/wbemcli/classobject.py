"""IWbemClassObject: a class or an instance, each method as its page of the SDK says (wbemcli.h).

Put and its kin work on a copy of this face's own, as in COM: nothing is written before PutClass or PutInstance. Values
are those of the package, with their CIM types beside them; an embedded object is an IWbemClassObject, a copy as well.
See `openwmi.wbemcli.variant` for VARIANTs.

Where the pages leave something open, or differ:

- A method of an instance's that only classes have is ILLEGAL_OPERATION, which the SDK explains by one such case.
- A system property that cannot be written is READ_ONLY.
- For a class, LOCAL_ONLY is what it declares itself (GetNames), and also what it overrides (BeginEnumeration).
- InheritsFrom is true of the object's own class: consumers ask it of an event to find out what it is.
- A second BeginEnumeration is UNEXPECTED only while one is under way.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any, Final

from openwmi.base.case import fold
from openwmi.base.error import WbemError
from openwmi.base.status import LocalStatus, WbemStatus
from openwmi.blocking.com.calling import com_method, require, require_no_flags
from openwmi.blocking.com.unknown import IUnknown
from openwmi.model import CimClass, CimInstance, Method, Value, input_class, output_class
from openwmi.wbemcli import comparing, selecting
from openwmi.wbemcli import constants as c
from openwmi.wbemcli.classdraft import EMPTY, ClassDraft
from openwmi.wbemcli.draft import Draft, Kind, Place, Superclass
from openwmi.wbemcli.enumeration import Enumeration
from openwmi.wbemcli.instancedraft import InstanceDraft
from openwmi.wbemcli.qualifierset import IWbemQualifierSet
from openwmi.wbemcli.statuses import WBEM_S_DIFFERENT, WBEM_S_FALSE, WBEM_S_NO_ERROR, WBEM_S_NO_MORE_DATA, WBEM_S_SAME
from openwmi.wbemcli.variant import VARIANT, as_variant

_OBJECTS: Final = frozenset({c.CIM_OBJECT, c.CIM_OBJECT | c.CIM_FLAG_ARRAY})


class IWbemClassObject(IUnknown, iid="dc12a681-737f-11cf-884d-00aa004b2e24"):
    """A class or an instance.

    Args:
        object: of the model; without one it is the empty class that GetObject gives for an empty path.
        superclass: where the superclass of a class can be had by its name. It is only asked to find out what an
            override was before, when that is deleted.
    """

    def __init__(self, object: CimClass | CimInstance | None = None, superclass: Superclass | None = None) -> None:  # noqa: A002 - what it is
        if isinstance(object, CimInstance):
            self._draft: Draft = InstanceDraft(object)
        else:
            self._draft = ClassDraft(object or EMPTY, registered=object is not None, superclass=superclass)

    # Made when they are first asked for, since most objects of a result never are.
    @cached_property
    def _properties(self) -> Enumeration[str]:
        return Enumeration()

    @cached_property
    def _methods(self) -> Enumeration[Method]:
        return Enumeration()

    @property
    def model_(self) -> CimClass | CimInstance:
        """The object as it is now, for those who store it. WbemError(INCOMPLETE_CLASS) for a class without a name."""
        model = self._draft.model
        if isinstance(model, CimClass) and not model.name:
            raise WbemError(WbemStatus.INCOMPLETE_CLASS, "the class has no name: Put __CLASS")
        return model

    def __copy__(self) -> IWbemClassObject:
        return _of_draft(self._draft.copy())  # as Clone: a face has nothing that two could share

    def __deepcopy__(self, _: object) -> IWbemClassObject:
        return _of_draft(self._draft.copy())

    def __repr__(self) -> str:
        return f"<IWbemClassObject of {self._draft.model!r}>"

    # ------------------------------------------------------------------------------------------------------ properties

    @com_method(1)
    def GetQualifierSet(self) -> tuple[int, IWbemQualifierSet | None]:
        """(hresult, ppQualSet): the qualifiers of the class or instance."""
        return WBEM_S_NO_ERROR, IWbemQualifierSet(self._draft, Place(Kind.OBJECT))

    @com_method(3)
    def Get(self, wszName: str, lFlags: int = 0) -> tuple[int, Value, int | None, int | None]:
        """(hresult, pVal, pType, plFlavor): a property, or a system property. NOT_FOUND, INVALID_PARAMETER.

        plFlavor is WBEM_FLAVOR_ORIGIN_SYSTEM, _PROPAGATED or _LOCAL. Of a class the value is the default, and LOCAL is
        what it declares itself; of an instance LOCAL is a value that was supplied, or a property that has a qualifier
        of its own there.
        """
        if lFlags or wszName.__class__ is not str:  # one look for both, since this is what everybody calls all the time
            require_no_flags(lFlags)
            require(isinstance(wszName, str), "wszName is the name of a property")
        value, cimtype, origin = self._draft.get(wszName)
        if cimtype in _OBJECTS:
            value = faced(value)
        return WBEM_S_NO_ERROR, value, cimtype, origin

    @com_method()
    def Put(self, wszName: str, lFlags: int, pVal: object, Type: int = c.CIM_EMPTY) -> int:
        """Sets a property, or the default of a property of a class, which is made where it is not there.

        Args:
            wszName: INVALID_PARAMETER for None, and for what cannot be the name of a new property.
            lFlags: 0.
            pVal: a value or a VARIANT; what does not fit is coerced, or TYPE_MISMATCH. None is NULL.
            Type: the CIM type of a new property of a class, needed where its value is NULL: INVALID_PROPERTY_TYPE. An
                inherited one cannot get another: TYPE_MISMATCH. 0 or the type that there is where a property exists.

        NOT_FOUND for a property that an instance does not have; READ_ONLY for a system property other than __CLASS,
        which only a new class can get, and then INVALID_PARAMETER for what is no name.
        """
        require_no_flags(lFlags)
        require(isinstance(wszName, str), "wszName is the name of a property")
        self._draft.put(wszName, plain(pVal), Type)
        return WBEM_S_NO_ERROR

    @com_method()
    def Delete(self, wszName: str) -> int:
        """Deletes a property of a class; of an instance it gets its default again.

        WBEM_S_RESET_TO_DEFAULT for an inherited property whose override is gone; PROPAGATED_PROPERTY for one without;
        NOT_FOUND, SYSTEM_PROPERTY, INVALID_PARAMETER.
        """
        require(isinstance(wszName, str), "wszName is the name of a property")
        return self._draft.delete(wszName)

    @com_method(1)
    def GetNames(
        self, wszQualifierName: str | None = None, lFlags: int = c.WBEM_FLAG_ALWAYS, pQualifierVal: object = None
    ) -> tuple[int, tuple[str, ...] | None]:
        """(hresult, pNames): of properties, the system's first. INVALID_PARAMETER for flags that do not go together.

        Args:
            wszQualifierName: what WBEM_FLAG_ONLY_IF_TRUE, _FALSE and _IDENTICAL ask for.
            lFlags: one of these, one of KEYS_ONLY and REFS_ONLY, and one of LOCAL_ONLY, PROPAGATED_ONLY, SYSTEM_ONLY,
                NONSYSTEM_ONLY, or for a class CLASS_OVERRIDES_ONLY, CLASS_LOCAL_AND_OVERRIDES.
            pQualifierVal: what WBEM_FLAG_ONLY_IF_IDENTICAL compares with.
        """
        condition = lFlags & c.WBEM_MASK_PRIMARY_CONDITION
        fits = self._condition(condition, wszQualifierName, pQualifierVal) if condition else None
        found = selecting.named(self._draft.class_, lFlags, fits, of_class=isinstance(self._draft, ClassDraft))
        return WBEM_S_NO_ERROR, tuple(found)

    @com_method()
    def BeginEnumeration(self, lEnumFlags: int = 0) -> int:
        """Before the first Next; flags as for GetNames, without ONLY_IF. INVALID_PARAMETER, UNEXPECTED."""
        of_class = isinstance(self._draft, ClassDraft)
        self._properties.begin(selecting.enumerated(self._draft.class_, lEnumFlags, of_class=of_class))
        return WBEM_S_NO_ERROR

    @com_method(4)
    def Next(self, lFlags: int = 0) -> tuple[int, str | None, Value, int | None, int | None]:
        """(hresult, strName, pVal, pType, plFlavor): the next property; WBEM_S_NO_MORE_DATA after the last.

        UNEXPECTED before BeginEnumeration, INVALID_PARAMETER.
        """
        require_no_flags(lFlags)
        while True:
            name = self._properties.next()
            if name is None:
                return WBEM_S_NO_MORE_DATA, None, None, None, None
            try:
                value, cimtype, origin = self._draft.get(name)
            except WbemError:
                continue  # deleted meanwhile
            return WBEM_S_NO_ERROR, name, faced(value) if cimtype in _OBJECTS else value, cimtype, origin

    @com_method()
    def EndEnumeration(self) -> int:
        """Ends an enumeration, if there is one."""
        self._properties.end()
        return WBEM_S_NO_ERROR

    @com_method(1)
    def GetPropertyQualifierSet(self, wszProperty: str) -> tuple[int, IWbemQualifierSet | None]:
        """(hresult, ppQualSet): the qualifiers of a property. NOT_FOUND, SYSTEM_PROPERTY, INVALID_PARAMETER."""
        require(isinstance(wszProperty, str), "wszProperty is the name of a property")
        _, _, origin = self._draft.get(wszProperty)
        if origin == c.WBEM_FLAVOR_ORIGIN_SYSTEM:
            raise WbemError(LocalStatus.SYSTEM_PROPERTY, f"{wszProperty} is a system property, and has no qualifiers")
        return WBEM_S_NO_ERROR, IWbemQualifierSet(self._draft, Place(Kind.PROPERTY, wszProperty))

    # ------------------------------------------------------------------------------------------------------ the object

    @com_method(1)
    def Clone(self) -> tuple[int, IWbemClassObject | None]:
        """(hresult, ppCopy): a copy, which changes on its own."""
        return WBEM_S_NO_ERROR, _of_draft(self._draft.copy())

    @com_method(1)
    def GetObjectText(self, lFlags: int = 0) -> tuple[int, str | None]:
        """(hresult, pstrObjectText): as MOF, without what is inherited; WBEM_FLAG_NO_FLAVORS leaves flavors out.

        INVALID_PARAMETER; INCOMPLETE_CLASS for a class without a name.
        """
        require(lFlags in {0, c.WBEM_FLAG_NO_FLAVORS}, f"lFlags is 0 or WBEM_FLAG_NO_FLAVORS, and not {lFlags!r}")
        from openwmi.wbemcli.objecttext import object_text  # noqa: PLC0415 - most programs never ask for MOF

        return WBEM_S_NO_ERROR, object_text(self.model_, with_flavors=not lFlags)

    @com_method(1)
    def SpawnDerivedClass(self, lFlags: int = 0) -> tuple[int, IWbemClassObject | None]:
        """(hresult, ppNewClass): a class derived from this one, without a name.

        ILLEGAL_OPERATION for an instance; INCOMPLETE_CLASS for a class that is not registered; INVALID_PARAMETER.
        """
        require_no_flags(lFlags)
        parent = self._registered("derive a class from").model
        return WBEM_S_NO_ERROR, _of_draft(ClassDraft(parent.derive(""), registered=False, superclass=lambda _: parent))

    @com_method(1)
    def SpawnInstance(self, lFlags: int = 0) -> tuple[int, IWbemClassObject | None]:
        """(hresult, ppNewInstance): an instance of the class, or an empty one of the instance's class.

        INCOMPLETE_CLASS for a class that is not registered; INVALID_PARAMETER.
        """
        require_no_flags(lFlags)
        class_ = self._draft.class_
        if isinstance(self._draft, ClassDraft):
            class_ = self._registered("spawn an instance of").model
        return WBEM_S_NO_ERROR, _of_draft(InstanceDraft(class_.instance()))

    @com_method()
    def CompareTo(self, lFlags: int, pCompareTo: IWbemClassObject) -> int:
        """WBEM_S_SAME or WBEM_S_DIFFERENT; WBEM_FLAG_IGNORE_… leave something out. INVALID_PARAMETER."""
        require(isinstance(pCompareTo, IWbemClassObject), "pCompareTo is an IWbemClassObject")
        alike = comparing.same(self._draft.model, pCompareTo._draft.model, lFlags)
        return WBEM_S_SAME if alike else WBEM_S_DIFFERENT

    @com_method(1)
    def GetPropertyOrigin(self, wszName: str) -> tuple[int, str | None]:
        """(hresult, pstrClassName): the class that declared the property first. NOT_FOUND, INVALID_PARAMETER."""
        require(isinstance(wszName, str), "wszName is the name of a property")
        class_ = self._draft.class_
        if wszName not in class_:
            raise WbemError(WbemStatus.NOT_FOUND, class_.unknown(wszName))
        # Of a system property the page says nothing; each class has them.
        declared = fold(wszName) in class_.positions
        return WBEM_S_NO_ERROR, class_.property(wszName).origin if declared else class_.name

    @com_method()
    def InheritsFrom(self, strAncestor: str) -> int:
        """WBEM_S_NO_ERROR if this is `strAncestor`, or derived from it; else WBEM_S_FALSE. INVALID_PARAMETER."""
        require(isinstance(strAncestor, str), "strAncestor is the name of a class")
        return WBEM_S_NO_ERROR if self._draft.class_.isa_(strAncestor) else WBEM_S_FALSE

    # --------------------------------------------------------------------------------------------------------- methods

    @com_method(2)
    def GetMethod(self, wszName: str, lFlags: int = 0) -> tuple[int, IWbemClassObject | None, IWbemClassObject | None]:
        """(hresult, ppInSignature, ppOutSignature): two classes __PARAMETERS, None where there are no parameters.

        SpawnInstance of the first one makes what ExecMethod takes. NOT_FOUND, INVALID_PARAMETER, ILLEGAL_OPERATION.
        """
        require_no_flags(lFlags)
        require(isinstance(wszName, str), "wszName is the name of a method")
        inward, outward = _signatures(self._class("methods").method(wszName))
        return WBEM_S_NO_ERROR, inward, outward

    @com_method()
    def PutMethod(
        self,
        wszName: str,
        lFlags: int = 0,
        pInSignature: IWbemClassObject | None = None,
        pOutSignature: IWbemClassObject | None = None,
    ) -> int:
        """Makes a method of a class, or gives it another signature.

        The signatures are classes __PARAMETERS with a property for each parameter, and ReturnValue in the second one.

        INVALID_PARAMETER, MISSING_PARAMETER_ID, INVALID_PARAMETER_ID, NONCONSECUTIVE_PARAMETER_IDS,
        PARAMETER_ID_ON_RETVAL, INVALID_DUPLICATE_PARAMETER, PROPAGATED_METHOD, ILLEGAL_OPERATION.
        """
        require_no_flags(lFlags)
        self._class("methods").put_method(wszName, _signature(pInSignature), _signature(pOutSignature))
        return WBEM_S_NO_ERROR

    @com_method()
    def DeleteMethod(self, wszName: str) -> int:
        """Deletes a method of a class. NOT_FOUND; PROPAGATED_METHOD for an inherited one; ILLEGAL_OPERATION."""
        require(isinstance(wszName, str), "wszName is the name of a method")
        self._class("methods").delete_method(wszName)
        return WBEM_S_NO_ERROR

    @com_method()
    def BeginMethodEnumeration(self, lEnumFlags: int = 0) -> int:
        """Before the first NextMethod; 0, WBEM_FLAG_LOCAL_ONLY or WBEM_FLAG_PROPAGATED_ONLY.

        INVALID_PARAMETER, ILLEGAL_OPERATION.
        """
        found = selecting.methods(self._class("methods").model, lEnumFlags)
        self._methods.begin(found, again=True)
        return WBEM_S_NO_ERROR

    @com_method(3)
    def NextMethod(self, lFlags: int = 0) -> tuple[int, str | None, IWbemClassObject | None, IWbemClassObject | None]:
        """(hresult, pstrName, ppInSignature, ppOutSignature): the next method; WBEM_S_NO_MORE_DATA after the last.

        UNEXPECTED before BeginMethodEnumeration, ILLEGAL_OPERATION, INVALID_PARAMETER.
        """
        require_no_flags(lFlags)
        self._class("methods")
        found = self._methods.next()
        if found is None:
            return WBEM_S_NO_MORE_DATA, None, None, None
        return WBEM_S_NO_ERROR, found.name, *_signatures(found)

    @com_method()
    def EndMethodEnumeration(self) -> int:
        """Ends an enumeration of methods, if there is one."""
        self._methods.end()
        return WBEM_S_NO_ERROR

    @com_method(1)
    def GetMethodQualifierSet(self, wszMethod: str) -> tuple[int, IWbemQualifierSet | None]:
        """(hresult, ppQualSet): the qualifiers of a method. NOT_FOUND, INVALID_PARAMETER, ILLEGAL_OPERATION."""
        require(isinstance(wszMethod, str), "wszMethod is the name of a method")
        self._class("methods").method(wszMethod)
        return WBEM_S_NO_ERROR, IWbemQualifierSet(self._draft, Place(Kind.METHOD, wszMethod))

    @com_method(1)
    def GetMethodOrigin(self, wszMethodName: str) -> tuple[int, str | None]:
        """(hresult, pstrClassName): the class that declared the method last.

        NOT_FOUND, INVALID_PARAMETER, ILLEGAL_OPERATION.
        """
        require(isinstance(wszMethodName, str), "wszMethodName is the name of a method")
        draft = self._class("methods")
        return WBEM_S_NO_ERROR, draft.method(wszMethodName).origin or draft.model.name

    # ----------------------------------------------------------------------------------------------------------------

    def _class(self, what: str) -> ClassDraft:
        """ILLEGAL_OPERATION unless this is a class: "method manipulation is not available from … instances"."""
        if not isinstance(self._draft, ClassDraft):
            raise WbemError(
                LocalStatus.ILLEGAL_OPERATION,
                f"an instance of {self._draft.class_.name} has no {what}: get the class, and ask that",
            )
        return self._draft

    def _registered(self, what: str) -> ClassDraft:
        """The class; INCOMPLETE_CLASS for a new one, which has to be put and got again."""
        draft = self._class("derived classes")
        if not draft.registered:
            name = draft.model.name or "a class without a name"
            problem = f"one cannot {what} {name} before it was put with PutClass and got with GetObject"
            raise WbemError(WbemStatus.INCOMPLETE_CLASS, problem)
        return draft

    def _condition(self, condition: int, name: str | None, value: object) -> selecting.Condition:
        """What WBEM_FLAG_ONLY_IF_… says of a property."""
        require(isinstance(name, str), "wszQualifierName is needed for WBEM_FLAG_ONLY_IF_…")
        wanted = as_variant(plain(value))
        identical = condition == c.WBEM_FLAG_ONLY_IF_IDENTICAL
        require(not identical or value is not None, "pQualifierVal is needed for WBEM_FLAG_ONLY_IF_IDENTICAL")

        def fits(property_name: str) -> bool:
            system = property_name.startswith("__") and property_name not in self._draft.class_.names
            shown = {} if system else self._draft.qualifiers(Place(Kind.PROPERTY, property_name))
            found = shown.get(str(name))
            if condition == c.WBEM_FLAG_ONLY_IF_FALSE:
                return found is None
            return found is not None and (not identical or as_variant(found.value) == wanted)

        return fits


def _of_draft(draft: Draft) -> IWbemClassObject:
    made = IWbemClassObject()
    made._draft = draft  # noqa: SLF001 - of this module
    return made


def _signatures(method: Method) -> tuple[IWbemClassObject | None, IWbemClassObject | None]:
    inward, outward = input_class(method), output_class(method)
    return (
        None if inward is None else IWbemClassObject(inward),
        None if outward is None else IWbemClassObject(outward),
    )


def _signature(given: IWbemClassObject | None) -> CimClass | None:
    """The class of a signature, whether the class or an instance of it was given. INVALID_PARAMETER."""
    require(given is None or isinstance(given, IWbemClassObject), "a signature is an IWbemClassObject or None")
    return None if given is None else given._draft.class_  # noqa: SLF001 - of this module


def faced(value: Any) -> Any:
    """Embedded objects as faces."""
    if isinstance(value, tuple):
        return tuple([faced(each) for each in value])
    return IWbemClassObject(value) if isinstance(value, CimClass | CimInstance) else value


def plain(value: Any) -> Any:
    """Faces as embedded objects: "The original embedded object is copied". Whether they are allowed, the type says."""
    if isinstance(value, VARIANT):
        return VARIANT(value.vt, plain(value.value))
    if isinstance(value, list | tuple):
        return tuple([plain(each) for each in value])
    return value.model_ if isinstance(value, IWbemClassObject) else value
