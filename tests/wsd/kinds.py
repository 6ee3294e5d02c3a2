"""The contract of kinds.wsdl, written by `openwmi wsd codegen`: change the WSDL and write it anew."""
# ruff: noqa: A003, N801, N802, N803, N815, PYI042, RUF100 - the names are the contract's

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias

from openwmi.operation import Operation
from openwmi.soap import Fragment, QName
from openwmi.wsd import Call
from openwmi.wsd.wsdl.generated import (
    Any,
    Attribute,
    Binary,
    ContractService,
    Element,
    Facets,
    Group,
    Nil,
    PortType,
    Proxy,
    Repeated,
    Simple,
    Subscribing,
    Subscription,
    Types,
    Unpack,
    WsdlOperation,
)
from openwmi.wsdclient.generated import GeneratedProxy, IWSDAsyncCallback, IWSDAsyncResult

NS = "urn:t"

TYPES = Types()

_Circle: TypeAlias = "Circle"
_Shape: TypeAlias = "Shape"
_date: TypeAlias = "date"
_time: TypeAlias = "time"


@TYPES.enum
class Size(StrEnum):
    """One of 4 values."""

    S = "S"
    X_L = "X L"
    class_ = "class"
    title_ = "title"


@TYPES.struct(
    attributes=(
        Attribute(QName("", "size"), Simple("string", Facets(values=("S", "X L", "class", "title")), "Size"), "size"),
        Attribute(QName("", "level"), Simple("int", Facets(least="-5", below="7")), "level"),
        Attribute(QName("", "price"), Simple("decimal", Facets(digits=4, fraction=2)), "price"),
        Attribute(QName("", "code"), Simple("token", Facets(patterns=(("[A-Z]{2}", "\\d+"),))), "code"),
        Attribute(
            QName("", "short"),
            Simple("token", Facets(patterns=(("[A-Z]{2}", "\\d+"), ("\\S*",)), max_length=3)),
            "short",
        ),
        Attribute(
            QName("", "sizes"),
            Simple(facets=Facets(max_length=2), item=Simple("int", Facets(least="-5", below="7"))),
            "sizes",
        ),
        Attribute(
            QName("", "either"),
            Simple(
                members=(
                    Simple("int", Facets(least="-5", below="7")),
                    Simple("string", Facets(values=("S", "X L", "class", "title")), "Size"),
                ),
            ),
            "either",
        ),
        Attribute(QName("", "seven"), Simple("int", Facets(values=("7", "07"))), "seven"),
        Attribute(QName("", "tokens"), Simple(facets=Facets(min_length=1), item=Simple("NMTOKEN")), "tokens"),
        Attribute(QName("", "fixed"), Simple("string", Facets(values=("it",))), "fixed", default="it"),
        Attribute(QName("", "until"), Simple("dateTime", Facets(most="2026-01-01T00:00:00Z")), "until"),
        Attribute(
            QName("", "usual"),
            Simple("string", Facets(values=("S", "X L", "class", "title")), "Size"),
            "usual",
            default="S",
        ),
        Attribute(QName("", "names"), Simple(item=Simple("QName")), "names"),
    ),
)
@dataclass(frozen=True, slots=True, kw_only=True)
class Simple2:
    """What Simple2 holds."""

    size: Size | None = None
    level: int | None = None
    price: Decimal | None = None
    code: str | None = None
    short: str | None = None
    sizes: tuple[int, ...] | None = None
    either: int | Size | None = None
    seven: int | None = None
    tokens: tuple[str, ...] | None = None
    fixed: str = "it"
    until: datetime | None = None
    usual: Size = Size.S
    names: tuple[QName, ...] | None = None


@TYPES.struct(
    Element(QName(NS, "key"), Simple("string"), "key"),
    Element(QName(NS, "worth"), Simple("string"), "worth"),
)
@dataclass(frozen=True, slots=True, kw_only=True)
class RootSequence:
    """What RootSequence holds."""

    key: str
    worth: str


@TYPES.struct(
    Group("choice", (Element(QName(NS, "a"), Simple("int"), "a"), Element(QName(NS, "b"), Simple("string"), "b"))),
)
@dataclass(frozen=True, slots=True, kw_only=True)
class RootChoice:
    """What RootChoice holds."""

    a: int | None = None
    b: str | None = None


@TYPES.struct(
    Element(QName(NS, "one"), Simple("string"), "one"),
    Element(QName(NS, "maybe"), Simple("int"), "maybe", 0),
    Element(QName(NS, "many"), Simple("string"), "many", 0, None),
    Element(QName(NS, "some"), Simple("int"), "some", most=3),
    Element(QName(NS, "nil"), Simple("int"), "nil", nillable=True),
    Element(QName(NS, "nilMaybe"), Simple("int"), "nilMaybe", 0, nillable=True),
    Element(QName(NS, "nils"), Simple("int"), "nils", 0, 9, True),
    Element(QName(NS, "usual"), Simple("int"), "usual", default="7"),
    Group(
        "choice",
        (
            Element(QName(NS, "left"), Simple("string"), "left"),
            Group(
                "sequence",
                (
                    Element(QName(NS, "right"), Simple("string"), "right"),
                    Element(QName(NS, "far"), Simple("int"), "far", 0),
                ),
            ),
        ),
    ),
    Group("sequence", (Element(QName(NS, "x"), Simple("int"), "x"), Element(QName(NS, "y"), Simple("int"), "y")), True),
    Repeated("sequence_list", "RootSequence", 0, None),
    Repeated("choice_list", "RootChoice", 0, None),
    Group(
        "sequence",
        (
            Group(
                "sequence",
                (
                    Element(QName(NS, "first"), Simple("string"), "first"),
                    Element(QName(NS, "class"), Simple("string"), "class_"),
                ),
            ),
        ),
    ),
    Element(QName(NS, "tree"), "Tree", "tree", 0),
    Any("any_", but=("urn:t", ""), least=0, most=None),
    attributes=(
        Attribute(QName("", "lang"), Simple("language"), "lang"),
        Attribute(QName("", "need"), Simple("int"), "need", True),
        Attribute(QName("", "size"), Simple("int"), "size", default="5"),
    ),
    any_attributes=True,
)
@dataclass(frozen=True, slots=True, kw_only=True)
class Root:
    """What Root holds."""

    one: str
    maybe: int | None = None
    many: tuple[str, ...] = ()
    some: tuple[int, ...] = ()
    nil: int | None
    nilMaybe: int | Nil | None = None
    nils: tuple[int | None, ...] = ()
    usual: int
    left: str | None = None
    right: str | None = None
    far: int | None = None
    x: int | None = None
    y: int | None = None
    sequence_list: tuple[RootSequence, ...] = ()
    choice_list: tuple[RootChoice, ...] = ()
    first: str
    class_: str
    tree: Tree | None = None
    any_: tuple[Fragment, ...] = ()
    lang: str | None = None
    need: int
    size: int = 5
    attributes_: tuple[tuple[str, str], ...] = ()


@TYPES.struct(
    Element(QName(NS, "leaf"), "Tree", "leaf", 0, None),
    attributes=(Attribute(QName("", "n"), Simple("int"), "n"),),
    name=QName(NS, "Tree"),
)
@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """The type Tree."""

    leaf: tuple[Tree, ...] = ()
    n: int | None = None


@TYPES.struct(
    Element(QName(NS, "shape"), "Shape", "shape", most=None),
    Group(
        "choice",
        (
            Element(QName(NS, "short"), Simple("string", Facets(max_length=3)), "short"),
            Element(QName(NS, "text"), Simple("string"), "text"),
        ),
        True,
    ),
    Element(QName(NS, "heads"), "Heads", "heads", 0),
    Element(QName(NS, "anything"), None, "anything", 0),
    Element(QName(NS, "mixed"), None, "mixed", 0),
    Element(QName(NS, "price"), "Price", "price", 0),
    Element(QName(NS, "Shape"), "Shape", "Shape", 0),
    Element(QName(NS, "Circle"), "Circle", "Circle", 0),
    Element(QName(NS, "date"), Simple("date"), "date", 0),
    Element(QName(NS, "time"), Simple("time"), "time", 0),
    Element(QName(NS, "Picture"), Simple("base64Binary"), "Picture", 0),
)
@dataclass(frozen=True, slots=True, kw_only=True)
class Root2:
    """What Root2 holds."""

    shape: tuple[_Shape, ...] = ()
    short: str | None = None
    text: str | None = None
    heads: Heads | None = None
    anything: Fragment | None = None
    mixed: Fragment | None = None
    price: Price | None = None
    Shape: _Shape | None = None
    Circle: _Circle | None = None
    date: _date | None = None
    time: _time | None = None
    Picture: Binary | None = None


@TYPES.struct(
    Element(QName(NS, "name"), Simple("string"), "name"),
    attributes=(Attribute(QName("", "id"), Simple("int"), "id"),),
    name=QName(NS, "Shape"),
    abstract=True,
)
@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """The type Shape."""

    name: str
    id: int | None = None


@TYPES.struct(
    Group("sequence", (Element(QName(NS, "name"), Simple("string"), "name"),)),
    Group(
        "sequence",
        (Element(QName(NS, "radius"), Simple("int"), "radius"), Element(QName(NS, "id"), Simple("int"), "id_2", 0)),
    ),
    attributes=(
        Attribute(QName("", "id"), Simple("int"), "id"),
        Attribute(QName("", "fill"), Simple("string"), "fill"),
    ),
    name=QName(NS, "Circle"),
    base="Shape",
)
@dataclass(frozen=True, slots=True, kw_only=True)
class Circle(Shape):
    """The type Circle."""

    radius: int
    id_2: int | None = None
    fill: str | None = None


@TYPES.struct(
    Group(
        "sequence",
        (
            Group("sequence", (Element(QName(NS, "name"), Simple("string"), "name"),)),
            Group(
                "sequence",
                (
                    Element(QName(NS, "radius"), Simple("int"), "radius"),
                    Element(QName(NS, "id"), Simple("int"), "id_2", 0),
                ),
            ),
        ),
    ),
    attributes=(
        Attribute(QName("", "id"), Simple("int"), "id"),
        Attribute(QName("", "fill"), Simple("string"), "fill"),
    ),
    name=QName(NS, "Disc"),
    base="Circle",
)
@dataclass(frozen=True, slots=True, kw_only=True)
class Disc(Circle):
    """The type Disc."""


@TYPES.struct(
    attributes=(Attribute(QName("", "currency"), Simple("string"), "currency"),),
    text=Simple("decimal"),
    name=QName(NS, "Price"),
)
@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """The type Price."""

    value: Decimal
    currency: str | None = None


@TYPES.struct(
    Group(
        "choice",
        (
            Element(QName(NS, "short"), Simple("string", Facets(max_length=3)), "short"),
            Element(QName(NS, "text"), Simple("string"), "text"),
        ),
    ),
)
@dataclass(frozen=True, slots=True, kw_only=True)
class HeadsHead:
    """What HeadsHead holds."""

    short: str | None = None
    text: str | None = None


@TYPES.struct(Repeated("head_list", "HeadsHead", 0, None))
@dataclass(frozen=True, slots=True, kw_only=True)
class Heads:
    """What Heads holds."""

    head_list: tuple[HeadsHead, ...] = ()


SHAPE_ = PortType(
    QName(NS, "Shape"),
    operations=(
        WsdlOperation(
            "Simple",
            input_action="urn:t:Shape:SimpleRequest",
            output_action="urn:t:Shape:SimpleResponse",
            input=TYPES.codec(Element(QName(NS, "Simple"), "Simple2", "value")),
            output=TYPES.codec(Element(QName(NS, "Root"), "Root", "value")),
            faults={
                "Bad": TYPES.codec(Element(QName(NS, "text"), Simple("string"), "value")),
            },
        ),
        WsdlOperation(
            "Get-Root",
            input_action="urn:t:Shape:Get-RootRequest",
            output_action="urn:t:Shape:Get-RootResponse",
            output=TYPES.codec(Element(QName(NS, "Root2"), "Root2", "value")),
        ),
        WsdlOperation(
            "Ring",
            input_action="urn:ring",
        ),
        WsdlOperation(
            "Say",
            input_action="urn:t:Shape:SayRequest",
            output_action="urn:t:Shape:SayResponse",
            input=TYPES.codec(Element(QName(NS, "text"), Simple("string"), "value")),
            output=TYPES.codec(Element(QName(NS, "text"), Simple("string"), "value")),
        ),
        WsdlOperation(
            "AnOperationWithANameThatIsLongerThanAnybodyWouldLikeItToBeButThatIsHowItGoes",
            input_action="urn:t:Shape:AnOperationWithANameThatIsLongerThanAnybodyWouldLikeItToBeButThatIsHowItGoesRequest",
            output_action="urn:t:Shape:AnOperationWithANameThatIsLongerThanAnybodyWouldLikeItToBeButThatIsHowItGoesResponse",
            input=TYPES.codec(Element(QName(NS, "Root"), "Root", "value")),
        ),
    ),
    events=(
        WsdlOperation(
            "Happened",
            output_action="urn:t:Shape:Happened",
            output=TYPES.codec(Element(QName(NS, "Root2"), "Root2", "value")),
        ),
        WsdlOperation(
            "Wanted",
            input_action="urn:t:Shape:WantedResponse",
            output_action="urn:t:Shape:WantedSolicit",
            input=TYPES.codec(Element(QName(NS, "Root"), "Root", "value")),
            output=TYPES.codec(Element(QName(NS, "text"), Simple("string"), "value")),
        ),
    ),
    is_source=True,
)


class Shape_(Proxy):
    """Every kind of operation, and 'quotes'."""

    contract_ = SHAPE_

    def Simple(self, parameters: Simple2) -> Operation[Root]:
        """An operation that is called as its message is."""
        return self.start_("Simple", parameters)

    def Get_Root(self) -> Operation[Root2]:
        """Get-Root."""
        return self.start_("Get-Root")

    def Ring(self) -> Operation[None]:
        """Ring, which nobody answers."""
        return self.start_("Ring")

    def Say(self, parameters: str) -> Operation[str]:
        """Say."""
        return self.start_("Say", parameters)

    def AnOperationWithANameThatIsLongerThanAnybodyWouldLikeItToBeButThatIsHowItGoes(
        self, parameters: Root
    ) -> Operation[None]:
        """AnOperationWithANameThatIsLongerThanAnybodyWouldLikeItToBeButThatIsHowItGoes."""
        return self.start_("AnOperationWithANameThatIsLongerThanAnybodyWouldLikeItToBeButThatIsHowItGoes", parameters)

    def SubscribeToHappened(self, **how: Unpack[Subscribing]) -> Subscription[Root2]:
        """Happened, as long as it is held."""
        return self.subscribe_("Happened", **how)

    def SubscribeToWanted(self, **how: Unpack[Subscribing]) -> Subscription[str]:
        """Wanted, as long as it is held."""
        return self.subscribe_("Wanted", **how)


class IShape_EventNotify:
    """Derive from this to hear the events of Shape through CShape_Proxy."""

    def Happened(self, parameters: Root2) -> None:
        """Happened has come."""

    def Wanted(self, parameters: str) -> None:
        """Wanted has come."""


class CShape_Proxy(GeneratedProxy):
    """The same, as generated code for wsdclient.h has it: Shape by Begin and End."""

    contract_ = SHAPE_

    def BeginSimple(
        self, parameters: Simple2, AsyncState: object = None, AsyncCallback: IWSDAsyncCallback | None = None
    ) -> tuple[int, IWSDAsyncResult | None]:
        """(hresult, AsyncResult)"""
        return self.begin_("Simple", parameters, AsyncState, AsyncCallback)

    def EndSimple(self, AsyncResult: IWSDAsyncResult | None) -> tuple[int, Root | None]:
        """(hresult, message): it does not wait, and fails before the end."""
        return self.end_("Simple", AsyncResult)

    def BeginGet_Root(
        self, AsyncState: object = None, AsyncCallback: IWSDAsyncCallback | None = None
    ) -> tuple[int, IWSDAsyncResult | None]:
        """(hresult, AsyncResult)"""
        return self.begin_("Get-Root", None, AsyncState, AsyncCallback)

    def EndGet_Root(self, AsyncResult: IWSDAsyncResult | None) -> tuple[int, Root2 | None]:
        """(hresult, message): it does not wait, and fails before the end."""
        return self.end_("Get-Root", AsyncResult)

    def Ring(self) -> int:
        """(hresult)"""
        return self.send_("Ring", None)

    def BeginSay(
        self, parameters: str, AsyncState: object = None, AsyncCallback: IWSDAsyncCallback | None = None
    ) -> tuple[int, IWSDAsyncResult | None]:
        """(hresult, AsyncResult)"""
        return self.begin_("Say", parameters, AsyncState, AsyncCallback)

    def EndSay(self, AsyncResult: IWSDAsyncResult | None) -> tuple[int, str | None]:
        """(hresult, message): it does not wait, and fails before the end."""
        return self.end_("Say", AsyncResult)

    def BeginAnOperationWithANameThatIsLongerThanAnybodyWouldLikeItToBeButThatIsHowItGoes(
        self, parameters: Root, AsyncState: object = None, AsyncCallback: IWSDAsyncCallback | None = None
    ) -> tuple[int, IWSDAsyncResult | None]:
        """(hresult, AsyncResult)"""
        return self.begin_(
            "AnOperationWithANameThatIsLongerThanAnybodyWouldLikeItToBeButThatIsHowItGoes",
            parameters,
            AsyncState,
            AsyncCallback,
        )

    def EndAnOperationWithANameThatIsLongerThanAnybodyWouldLikeItToBeButThatIsHowItGoes(
        self, AsyncResult: IWSDAsyncResult | None
    ) -> tuple[int, None]:
        """(hresult, message): it does not wait, and fails before the end."""
        return self.end_("AnOperationWithANameThatIsLongerThanAnybodyWouldLikeItToBeButThatIsHowItGoes", AsyncResult)

    def SubscribeToHappened(self, eventSink: IShape_EventNotify) -> int:
        """(hresult): the sink hears of it from now on."""
        return self.follow_("Happened", eventSink)

    def UnsubscribeToHappened(self) -> int:
        """(hresult): once it has returned, it does not."""
        return self.leave_("Happened")

    def SubscribeToWanted(self, eventSink: IShape_EventNotify) -> int:
        """(hresult): the sink hears of it from now on."""
        return self.follow_("Wanted", eventSink)

    def UnsubscribeToWanted(self) -> int:
        """(hresult): once it has returned, it does not."""
        return self.leave_("Wanted")


class Shape_Service(ContractService):
    """The base of a service of Shape: derive from it, and answer each operation."""

    contract_ = SHAPE_

    async def Simple(self, parameters: Simple2, call: Call) -> Root:
        """An operation that is called as its message is."""
        raise NotImplementedError

    async def Get_Root(self, call: Call) -> Root2:
        """Get-Root."""
        raise NotImplementedError

    async def Ring(self, call: Call) -> None:
        """Ring, which nobody answers."""
        raise NotImplementedError

    async def Say(self, parameters: str, call: Call) -> str:
        """Say."""
        raise NotImplementedError

    async def AnOperationWithANameThatIsLongerThanAnybodyWouldLikeItToBeButThatIsHowItGoes(
        self, parameters: Root, call: Call
    ) -> None:
        """AnOperationWithANameThatIsLongerThanAnybodyWouldLikeItToBeButThatIsHowItGoes."""
        raise NotImplementedError
