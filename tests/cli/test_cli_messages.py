"""`openwmi wsd call` and `codegen`: a service on the loopback, messages from arguments, answers as rows and files."""

from __future__ import annotations

import asyncio
import json
import ssl
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.cli.fakes import Command
from tests.wsd.test_wsd_login import Users
from tests.wsd.test_wsd_tls import certificate

from openwmi.base.error import WbemError
from openwmi.cli.messages import wsdl_within
from openwmi.net import Address
from openwmi.security import ServerNames
from openwmi.soap import Fragment, Metadata, QName, Section, SoapFault
from openwmi.wsd import Faulted, Host, LoginGate, Outbound, load_wsdl, this_computer

WSDL = """<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:t="urn:shop" targetNamespace="urn:shop"
  xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:wse="http://schemas.xmlsoap.org/ws/2004/08/eventing">
<types><xs:schema targetNamespace="urn:shop" elementFormDefault="qualified">
<xs:simpleType name="Size"><xs:restriction base="xs:string"><xs:enumeration value="S"/><xs:enumeration value="L"/>
</xs:restriction></xs:simpleType>
<xs:element name="Order"><xs:complexType><xs:sequence>
  <xs:element name="Name" type="xs:string"/><xs:element name="Count" type="xs:int" minOccurs="0"/>
  <xs:element name="Note" type="xs:string" minOccurs="0" maxOccurs="unbounded"/>
  <xs:element name="Rush" type="xs:boolean" minOccurs="0"/><xs:element name="Size" type="t:Size" minOccurs="0"/>
  <xs:element name="Where" type="t:Place" minOccurs="0"/>
  <xs:element name="Picture" type="xs:base64Binary" minOccurs="0"/>
  <xs:element name="When" type="xs:dateTime" minOccurs="0"/><xs:element name="Ids" minOccurs="0"><xs:simpleType>
  <xs:list itemType="xs:int"/></xs:simpleType></xs:element>
</xs:sequence></xs:complexType></xs:element>
<xs:complexType name="Place"><xs:sequence><xs:element name="Street" type="xs:string"/>
  <xs:element name="Town" type="xs:string"/></xs:sequence></xs:complexType>
<xs:element name="Receipt"><xs:complexType><xs:complexContent><xs:extension base="t:Echo"/></xs:complexContent>
</xs:complexType></xs:element>
<xs:complexType name="Echo"><xs:sequence><xs:element name="Said" type="xs:string"/>
  <xs:element name="Picture" type="xs:base64Binary" minOccurs="0"/></xs:sequence></xs:complexType>
<xs:element name="Word" type="xs:string"/></xs:schema></types>
<message name="Order"><part name="p" element="t:Order"/></message>
<message name="Receipt"><part name="p" element="t:Receipt"/></message>
<message name="Word"><part name="p" element="t:Word"/></message><message name="Empty"/>
<portType name="Shop" wse:EventSource="true"><operation name="Buy"><input message="t:Order"/>
<output message="t:Receipt"/></operation>
<operation name="Say"><input message="t:Word"/><output message="t:Word"/></operation>
<operation name="Ring"><input message="t:Empty"/></operation>
<operation name="Sold"><output message="t:Word"/></operation></portType>
<portType name="Other"><operation name="Ring"><input message="t:Empty"/></operation></portType>
</definitions>"""
SPACES = 'xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:t="urn:shop"'
PICTURE = b"\x89PNG" * 5000


class Shop:
    """Says what it was sent; a picture comes back as it went."""

    def __init__(self, wsdl: Any) -> None:
        self.receipt = wsdl.type("Receipt")
        self.rung = 0

    async def Buy(self, order: Any, call: Any) -> Any:  # noqa: N802 - as the operation is called
        if order.Name == "nothing":
            raise Faulted.of(SoapFault("Sender", QName("urn:shop", "SoldOut"), "there is none"))
        octets = None
        if order.Picture is not None:
            octets = Outbound("p@x", await order.Picture.read(), "image/png")
        return self.receipt(Said=repr(order), Picture=octets)

    def Say(self, word: str, call: Any) -> str:  # noqa: N802 - likewise
        return word.upper()

    def Ring(self, call: Any) -> None:  # noqa: N802 - likewise
        self.rung += 1


@pytest.fixture(scope="module")
def contract(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("shop") / "shop.wsdl"
    path.write_text(WSDL)
    return path


@pytest.fixture(scope="module")
def shop(contract: Path) -> Iterator[str]:
    with serving(contract) as url:
        yield url


@contextmanager
def serving(contract: Path, **how: Any) -> Iterator[str]:
    """Its address: it runs on a loop of its own, as commands do."""
    started: list[str] = []
    up, over = threading.Event(), []

    async def serve() -> None:
        wsdl = load_wsdl(contract)
        service = wsdl.service("Shop", Shop(wsdl), "urn:shop")
        address = uuid.uuid4().urn
        host = Host(
            address,
            this_computer("shop").metadata(address),
            instance=1,
            listen=Address("127.0.0.1", 0),
            interfaces=("lo",),
            services=[service],
            **how,
        )
        async with host:
            started.append(host.url(service))
            stop = asyncio.Event()
            over.append((asyncio.get_running_loop(), stop))
            up.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert up.wait(20)
    try:
        yield started[0]
    finally:
        loop, stop = over[0]
        loop.call_soon_threadsafe(stop.set)
        thread.join(20)


def buy(openwmi: Command, shop: str, contract: Path, *arguments: str, more: tuple[str, ...] = ()) -> Any:
    given = [each for one in arguments for each in ("--arg", one)]
    return openwmi("wsd", "call", shop, "Buy", "--wsdl", str(contract), *given, *more)


def test_a_message_of_arguments(openwmi: Command, shop: str, contract: Path) -> None:
    arguments = (
        "Name=a=b",
        "count=3",
        "Note=one",
        "Note=two",
        "Rush:=true",
        "Size=L",
        "Where.Street=High",
        "Where.Town=Ulm",
        "When=2026-01-31T12:00:00Z",
        "Ids:=[1, 2]",
    )
    done = buy(openwmi, shop, contract, *arguments)
    assert (done.status, done.err) == (0, "")
    said = json.loads(done.out)
    assert said["Said"] == (
        "Order(Name='a=b', Count=3, Note=('one', 'two'), Rush=True, Size=<Size.L: 'L'>, "
        "Where=Place(Street='High', Town='Ulm'), Picture=None, "
        "When=datetime.datetime(2026, 1, 31, 12, 0, tzinfo=datetime.timezone.utc), Ids=(1, 2))"
    )
    assert said["Picture"] is None


def test_octets_go_and_come_beside_the_message(openwmi: Command, shop: str, contract: Path, tmp_path: Path) -> None:
    (tmp_path / "in.png").write_bytes(PICTURE)
    picture = f"Picture=@{tmp_path / 'in.png'}"
    done = buy(openwmi, shop, contract, "Name=x", picture)
    assert json.loads(done.out)["Picture"] == "20000 octets of image/png, not kept: --save DIR"
    names = []
    for _ in range(2):
        done = buy(openwmi, shop, contract, "Name=x", picture, more=("--save", str(tmp_path / "out")))
        names.append(json.loads(done.out)["Picture"])
    assert names == [str(tmp_path / "out" / name) for name in ("Picture.png", "Picture-2.png")]
    assert Path(names[1]).read_bytes() == PICTURE


def test_a_word_and_nothing(openwmi: Command, shop: str, contract: Path) -> None:
    wsdl = ("--wsdl", str(contract))
    done = openwmi("wsd", "call", shop, "Say", *wsdl, "--arg", "Word=hello", "--format", "table")
    assert done.out.split() == ["Word", "-----", "HELLO"]
    done = openwmi("wsd", "call", shop, "Ring", *wsdl, "--port-type", "Shop")
    assert (done.status, done.out) == (0, "")


@pytest.mark.parametrize(
    ("arguments", "status", "why"),
    [
        ((), 2, "Order: it needs Name"),
        (("Name=x", "Colour=red"), 2, "Order: it has no Colour; it has Name, Count, Note"),
        (("Name=x", "Count=many"), 2, "Order.Count: 'many' is no whole number"),
        (("Name=x", "Size=M"), 2, "Order.Size: 'M' does not have one of the values S, L"),
        (("Name=x", "Name=y"), 2, "Order.Name: one value is wanted, and not 2"),
        (("Name=x", "Where=here"), 2, "Order.Where: its fields are Street, Town"),
        (("Name=x", "Where=here", "Where.Town=x"), 2, "as a whole, and in parts"),
        (("Name=x", "Where.Town=here"), 2, "Order.Where: it needs Street"),
        (("Name=x", "Picture=@nowhere"), 2, "there is no file nowhere"),
        (("Name=x", "Picture=?"), 2, "neither @FILE nor octets in base64"),
        (("Name:=x",), 2, "is not JSON"),
        (("Name",), 2, "'Name' is not NAME=VALUE"),
        (("Name=nothing",), 1, "answered with the fault {urn:shop}SoldOut: there is none"),
    ],
)
def test_what_does_not_fit_is_said(
    openwmi: Command, shop: str, contract: Path, arguments: tuple[str, ...], status: int, why: str
) -> None:
    done = buy(openwmi, shop, contract, *arguments)
    assert done.status == status
    assert why in done.err


@pytest.mark.parametrize(
    ("operation", "more", "status", "why"),
    [
        ("Steal", (), 1, "shop.wsdl has no operation Steal; it has Buy, Say, Ring"),
        ("Sold", (), 1, "Sold is an event"),
        ("Ring", (), 2, "several port types have Ring: --port-type Shop or Other"),
        ("Ring", ("--port-type", "Bank"), 1, "the WSDL has no port type Bank"),
        ("Ring", ("--port-type", "Shop", "--arg", "a=1"), 2, "Ring takes no arguments"),
        ("Say", (), 2, "Say takes one argument, Word"),
    ],
)
def test_what_is_not_there_is_said(
    openwmi: Command, shop: str, contract: Path, operation: str, more: tuple[str, ...], status: int, why: str
) -> None:
    done = openwmi("wsd", "call", shop, operation, "--wsdl", str(contract), *more)
    assert done.status == status
    assert why in done.err


def test_without_a_wsdl_the_service_is_asked(openwmi: Command, shop: str) -> None:
    done = openwmi("wsd", "call", shop, "Say", "--arg", "Word=x")
    assert (done.status, done.err) == (0, "")
    assert "X" in done.out


def test_nobody_has_a_wsdl() -> None:
    with pytest.raises(WbemError, match="has no WSDL in its metadata: give one by --wsdl FILE"):
        wsdl_within(Metadata(), "http://x")


def test_a_wsdl_with_what_it_imports(tmp_path: Path) -> None:
    """What it names is looked for among the sections, and not on this machine, wherever it says that it is."""
    schema_at = WSDL.index("<xs:schema"), WSDL.index("</xs:schema>") + len("</xs:schema>")
    schema = WSDL[schema_at[0] : schema_at[1]]
    named = '<xs:schema><xs:import namespace="urn:shop" schemaLocation="../../types.xsd"/></xs:schema>'
    (tmp_path / "types.xsd").write_text(schema.replace("<xs:schema ", f"<xs:schema {SPACES} ", 1))
    (tmp_path / "shop.wsdl").write_text(WSDL.replace(schema, named))
    read = load_wsdl(tmp_path / "shop.wsdl")
    assert [each.dialect.rpartition("/")[2] for each in read.sections] == ["wsdl", "XMLSchema"]
    again = wsdl_within(Metadata(others=read.sections), "http://x")
    assert again.type("Order") is not None
    with pytest.raises(WbemError, match=r"types\.xsd"):
        wsdl_within(Metadata(others=read.sections[:1]), "http://x")


def test_the_wsdl_that_a_service_has_in_its_metadata() -> None:
    said = Metadata(
        others=(Section("urn:other"), Section("http://schemas.xmlsoap.org/wsdl", "", (Fragment.parse(WSDL),)))
    )
    assert "Buy" in wsdl_within(said, "http://x").port_types["Shop"].operations


def test_who_is_known_by_certificate_and_password(openwmi: Command, contract: Path, tmp_path: Path) -> None:
    device, client, stranger = (certificate(tmp_path, name) for name in ("device", "client", "stranger"))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=client)
    context.load_cert_chain(device)
    context.verify_mode = ssl.CERT_REQUIRED
    password = tmp_path / "password"
    password.write_text("Password\n")
    account = ("--user", "Domain\\User", "--password-file", str(password))
    known = ("--ca", str(device), "--cert", str(client))
    with serving(contract, tls=context, gate=LoginGate(Users(), ServerNames.of_host("box.example"))) as url:
        assert url.startswith("https:")
        said = ("wsd", "call", url, "Say", "--arg", "Word=x")
        done = openwmi(*said, *known, *account)
        assert (done.status, done.err) == (0, "")
        assert "X" in done.out
        assert openwmi(*said, *known).status != 0, "nobody has logged in"
        password.write_text("wrong")
        assert openwmi(*said, *known, *account).status != 0
        password.write_text("Password")
        assert openwmi(*said, "--ca", str(device), *account).status != 0, "no certificate"
        assert openwmi(*said, "--ca", str(device), "--cert", str(stranger), *account).status != 0
        assert openwmi(*said, "--ca", str(stranger), "--cert", str(client), *account).status != 0


@pytest.mark.parametrize(
    ("more", "why"),
    [
        (("--key", "k.pem"), "say --cert, too"),
        (("--ca", "nothing.pem"), "the certificates cannot be used"),
        (("--password-file", "p"), "say --user, too"),
    ],
)
def test_options_that_make_no_sense(openwmi: Command, shop: str, more: tuple[str, ...], why: str) -> None:
    done = openwmi("wsd", "call", shop, "Say", "--arg", "Word=x", *more)
    assert done.status == 2
    assert why in done.err


def test_codegen(openwmi: Command, contract: Path, tmp_path: Path) -> None:
    done = openwmi("wsd", "codegen", str(contract))
    assert done.status == 0
    compile(done.out, "shop", "exec")
    path = tmp_path / "shop.py"
    assert openwmi("wsd", "codegen", str(contract), "-o", str(path)).status == 0
    assert path.read_text() == done.out
    done = openwmi("wsd", "codegen", str(contract), "-o", str(tmp_path / "no" / "shop.py"))
    assert done.status == 1
    assert "cannot be written" in done.err
    done = openwmi("wsd", "codegen", str(tmp_path / "nothing.wsdl"))
    assert done.status == 1
    assert "nothing.wsdl cannot be read" in done.err
