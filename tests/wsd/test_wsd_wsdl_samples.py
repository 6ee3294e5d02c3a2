"""Microsoft's contracts, whole: FileServiceSecure and StockQuote, both ends, by what `load_wsdl` and `codegen` make."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from tests.wsd.contracts import again, generated, sample
from tests.wsd.devices import World

from openwmi.base.error import WbemError
from openwmi.base.fault import LocalProtocolError
from openwmi.base.status import WbemStatus
from openwmi.net.http_client import HttpClient
from openwmi.soap import QName, SoapFault
from openwmi.wsd import Endpoint, Faulted, read_octets
from openwmi.wsd.attachments import Attachment, Outbound
from openwmi.wsd.wsdl import Wsdl, load_wsdl

FILES = "http://www.example.com/ncd/FileServiceSecure"
PICTURE = bytes(range(256)) * 1000


@pytest.fixture(scope="module")
def files() -> Wsdl:
    return load_wsdl(sample("FileServiceSecure.wsdl"))


@pytest.fixture(scope="module")
def quotes() -> Wsdl:
    return load_wsdl(sample("stockquoteservice.wsdl"))


@pytest.fixture(scope="module")
def file_module(files: Wsdl, tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    return generated(files, tmp_path_factory.mktemp("files"), "openwmi_files")


@pytest.fixture(scope="module")
def quote_module(quotes: Wsdl, tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    return generated(quotes, tmp_path_factory.mktemp("quotes"), "openwmi_quotes")


class Files:
    """A folder of files. `made` has the classes of messages: those of a WSDL, or a module."""

    def __init__(self, types: Any) -> None:
        self.made = types
        self.files = {"a.txt": b"short", "b.png": PICTURE}

    async def GetFileList(self, call: Any) -> Any:
        return self.made.GetFileListResponse(FileList=tuple(self.files))

    async def GetFile(self, parameters: Any, call: Any) -> Any:
        if parameters.filePath not in self.files:
            raise Faulted.of(SoapFault("Sender", QName(FILES, "NoSuchFile"), f"no {parameters.filePath}"))
        octets = self.files[parameters.filePath]

        async def pieces() -> AsyncIterator[bytes]:
            for at in range(0, len(octets), 4096):
                yield octets[at : at + 4096]

        return self.made.GetFileResponse(Attachment=Outbound("file@example.com", pieces))


class Types:
    """The classes of a WSDL, as a module has them."""

    def __init__(self, wsdl: Wsdl) -> None:
        for name in wsdl.types.classes:
            setattr(self, name, wsdl.type(name))


@pytest.fixture
async def world() -> AsyncIterator[World]:
    made = World()
    async with made.host:
        yield made


@pytest.fixture
async def file_endpoint(world: World, files: Wsdl) -> AsyncIterator[Endpoint]:
    service = files.service("FileServiceSecure", Files(Types(files)), "urn:example:files")
    world.host.add(service)
    async with HttpClient(connect=world.web.connect) as http:
        yield Endpoint(world.host.url(service), http=http)


def test_a_contract_with_an_event_and_an_attachment_is_described(files: Wsdl) -> None:
    contract = files.port_types["FileServiceSecure"]
    assert contract.name == QName(FILES, "FileServiceSecure")
    assert list(contract.operations) == ["GetFileList", "GetFile"]
    assert contract.is_source
    assert list(contract.events) == ["FileChangeEvent"]
    event = contract.events["FileChangeEvent"]
    assert (event.input_action, event.output_action) == (None, f"{FILES}/FileChangeEvent")
    listed, get = contract.operations.values()
    assert (listed.input, listed.input_action) == (None, f"{FILES}/GetFileList")
    assert get.attachments == ("GetFileResponse.Attachment",)
    assert not files.port_types["FileDeviceSecure"].operations
    assert event.output is not None
    change = files.type("FileChangeEvent")(EventType="Added", FileName="x")
    assert again(event.output, change) == change
    assert again(event.output, change).EventType.name == "Added"


def test_a_contract_that_imports_others_by_addresses_of_the_web_is_read_from_files(quotes: Wsdl) -> None:
    operation = quotes.port_types["StockQuotePortType"].operations["GetLastTradePrice"]
    start = "http://example.com/stockquote/definitions/StockQuotePortType/GetLastTradePrice"
    assert (operation.input_action, operation.output_action) == (f"{start}Request", f"{start}Response")
    assert operation.input is not None
    encoded = operation.input.encode(quotes.type("TradePriceRequest")(tickerSymbol="MS&FT"))
    assert encoded == (
        b'<n1:TradePriceRequest xmlns:n1="http://example.com/stockquote/schemas">'
        b"<tickerSymbol>MS&amp;FT</tickerSymbol></n1:TradePriceRequest>"
    )


async def test_files_are_listed_and_read_by_a_proxy_of_the_wsdl(files: Wsdl, file_endpoint: Endpoint) -> None:
    proxy = files.proxy("FileServiceSecure", file_endpoint)
    assert (await proxy.GetFileList()).FileList == ("a.txt", "b.png")
    call = proxy.start.GetFile(filePath="b.png")
    assert await call.status(5) == WbemStatus.NO_ERROR
    got = await call
    assert isinstance(got.Attachment, Attachment)
    assert await got.Attachment.read() == PICTURE
    with pytest.raises(Faulted) as raised:
        await proxy.GetFile(files.type("GetFileRequest")(filePath="c"))
    assert raised.value.fault.subcode == QName(FILES, "NoSuchFile")


async def test_files_by_a_generated_module(world: World, file_module: ModuleType) -> None:
    class Own(Files, file_module.FileServiceSecureService):  # type: ignore[misc, name-defined] # it is made at run time
        def __init__(self) -> None:
            Files.__init__(self, file_module)
            file_module.FileServiceSecureService.__init__(self, "urn:example:own")

    service = Own()
    world.host.add(service)
    async with HttpClient(connect=world.web.connect) as http:
        proxy = file_module.FileServiceSecure(Endpoint(world.host.url(service), http=http))
        assert await proxy.GetFileList() == file_module.GetFileListResponse(FileList=("a.txt", "b.png"))
        got = await proxy.GetFile(file_module.GetFileRequest(filePath="a.txt"))
        assert await read_octets(got.Attachment) == b"short"
    assert await read_octets(Outbound("a@b", b"sent")) == b"sent"


async def test_octets_in_the_answer_itself_are_read_as_well(world: World, files: Wsdl, file_module: ModuleType) -> None:
    class Inline(Files):
        async def GetFile(self, parameters: Any, call: Any) -> Any:
            operation = files.port_types["FileServiceSecure"].operations["GetFile"]
            assert operation.output is not None
            call.respond(operation.output.encode(self.made.GetFileResponse(Attachment=b"in it")))

    service = files.service("FileServiceSecure", Inline(Types(files)), "urn:example:inline")
    world.host.add(service)
    async with HttpClient(connect=world.web.connect) as http:
        proxy = files.proxy("FileServiceSecure", Endpoint(world.host.url(service), http=http))
        got = await proxy.GetFile(filePath="x")
        assert got.Attachment == await read_octets(got.Attachment) == b"in it"


class Quotes:
    def __init__(self, types: Any) -> None:
        self.made = types
        self.asked: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    def GetLastTradePrice(self, parameters: Any, call: Any) -> Any:
        if parameters.tickerSymbol == "LATER":
            call.later()
            self.asked.set_result(call)
            return None
        return self.made.TradePrice(price=len(parameters.tickerSymbol) + 0.5)


async def test_quotes(world: World, quotes: Wsdl, quote_module: ModuleType) -> None:
    service = quotes.service("StockQuotePortType", Quotes(Types(quotes)), "urn:example:quotes")

    class Late(Quotes, quote_module.StockQuotePortTypeService):  # type: ignore[misc, name-defined] # made at run time
        def __init__(self) -> None:
            Quotes.__init__(self, quote_module)
            quote_module.StockQuotePortTypeService.__init__(self, "urn:example:late")

    own = Late()
    world.host.add(service)
    world.host.add(own)
    async with HttpClient(connect=world.web.connect) as http:
        proxy = quotes.proxy("StockQuotePortType", Endpoint(world.host.url(service), http=http))
        assert (await proxy.GetLastTradePrice(tickerSymbol="MSFT")).price == 4.5
        typed = quote_module.StockQuotePortType(Endpoint(world.host.url(own), http=http))
        call = typed.GetLastTradePrice(quote_module.TradePriceRequest(tickerSymbol="LATER"))
        asked = await own.asked
        operation = quote_module.STOCK_QUOTE_PORT_TYPE.operations["GetLastTradePrice"]
        octets = operation.output.encode(quote_module.TradePrice(price=1.0))
        asked.respond(octets, action=operation.output_action)
        assert await call == quote_module.TradePrice(price=1.0)


async def test_what_does_not_keep_to_the_contract_is_told(world: World, files: Wsdl, file_endpoint: Endpoint) -> None:
    proxy = files.proxy("FileServiceSecure", file_endpoint)
    with pytest.raises(AttributeError, match="FileServiceSecure has no operation Get; it has GetFileList, GetFile"):
        proxy.Get()
    with pytest.raises(TypeError, match="filePath"):
        proxy.GetFile()
    with pytest.raises(LocalProtocolError, match=r"GetFileRequest\.filePath: a str is wanted"):
        proxy.GetFile(filePath=5)
    with pytest.raises(WbemError, match="FileChangeEvent is an event: it comes to those who subscribe"):
        proxy.start_("FileChangeEvent")
    with pytest.raises(Faulted, match=r"Sender.*stands where"):
        await file_endpoint.two_way(f"{FILES}/GetFile", b'<x xmlns="urn:x"/>')
    with pytest.raises(Faulted, match=r"Sender.*the body is empty"):
        await file_endpoint.two_way(f"{FILES}/GetFile", None)
    with pytest.raises(LocalProtocolError, match="Files has no method GetFileList, which FileServiceSecure needs"):
        files.service("FileServiceSecure", type("Files", (), {})(), "urn:x")


async def test_an_answer_that_is_not_in_the_contract_fails_the_call(world: World, files: Wsdl) -> None:
    class Wrong(Files):
        async def GetFileList(self, call: Any) -> Any:
            call.respond(b"<wrong/>")

        async def GetFile(self, parameters: Any, call: Any) -> Any:
            call.respond(None)

    service = files.service("FileServiceSecure", Wrong(Types(files)), "urn:example:wrong")
    world.host.add(service)
    async with HttpClient(connect=world.web.connect) as http:
        proxy = files.proxy("FileServiceSecure", Endpoint(world.host.url(service), http=http))
        with pytest.raises(WbemError, match="the answer to GetFileList is not what the contract says: wrong stands"):
            await proxy.GetFileList()
        with pytest.raises(WbemError, match="the answer to GetFile is not what the contract says: the body is empty"):
            await proxy.GetFile(filePath="x")


async def test_a_call_that_is_cancelled_ends_its_exchange(files: Wsdl, world: World) -> None:
    class Slow(Files):
        async def GetFileList(self, call: Any) -> Any:
            await asyncio.Event().wait()

    service = files.service("FileServiceSecure", Slow(Types(files)), "urn:example:slow")
    world.host.add(service)
    async with HttpClient(connect=world.web.connect) as http:
        proxy = files.proxy("FileServiceSecure", Endpoint(world.host.url(service), http=http))
        call = proxy.GetFileList()
        call.cancel()
        with pytest.raises(WbemError) as raised:
            await call
        assert raised.value.status == WbemStatus.CALL_CANCELLED


def test_a_generated_module_passes_the_linters(file_module: ModuleType, quote_module: ModuleType) -> None:
    """In this project: `make lint`'s own settings, but for the names."""
    for module in (file_module, quote_module):
        text = Path(str(module.__file__)).read_text(encoding="utf-8")
        assert all(len(line) <= 120 for line in text.splitlines())
        compile(text, "module", "exec")
