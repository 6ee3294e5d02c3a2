"""Two contracts of Microsoft's samples, both ends of each, over this machine's loopback: files and quotes.

    python examples/wsd_contracts.py FOLDER

The folder holds FileServiceSecure.wsdl and StockQuote.wsdl of "Windows-classic-samples" (Samples/
WebServicesDevicesApi). Without one they are looked for beside this project.
"""

import asyncio
import sys
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from openwmi.net import Address
from openwmi.soap import QName, SoapFault
from openwmi.wsd import Call, Endpoint, Faulted, Host, Outbound, Wsdl, load_wsdl, this_computer

SAMPLES = Path(__file__).parents[1] / "../shared/wsd"


class Files:
    """A folder, as the contract FileServiceSecure has it: a method for each operation."""

    def __init__(self, wsdl: Wsdl, folder: Path) -> None:
        self.folder = folder
        self.listing = wsdl.type("GetFileListResponse")
        self.content = wsdl.type("GetFileResponse")

    async def GetFileList(self, call: Call) -> object:
        return self.listing(FileList=tuple(sorted(path.name for path in self.folder.glob("*.py"))))

    async def GetFile(self, parameters: Any, call: Call) -> object:
        path = self.folder / Path(parameters.filePath).name
        if not path.is_file():
            raise Faulted.of(SoapFault("Sender", QName("urn:example", "NoSuchFile"), f"there is no {path.name}"))

        async def pieces() -> AsyncIterator[bytes]:
            with await asyncio.to_thread(path.open, "rb") as file:
                while piece := file.read(4096):
                    yield piece

        return self.content(Attachment=Outbound("file@example.org", pieces, "text/x-python"))


class Quotes:
    """The contract StockQuote, with prices that nobody should trust."""

    def __init__(self, wsdl: Wsdl) -> None:
        self.answer = wsdl.type("TradePrice")

    def GetLastTradePrice(self, parameters: Any, call: Call) -> object:
        return self.answer(price=len(parameters.tickerSymbol) * 10.25)


async def main(samples: Path) -> None:
    file_wsdl, quote_wsdl = (load_wsdl(samples / name) for name in ("FileServiceSecure.wsdl", "StockQuote.wsdl"))
    files = file_wsdl.service("FileServiceSecure", Files(file_wsdl, Path(__file__).parent), "urn:example:files")
    quotes = quote_wsdl.service("StockQuotePortType", Quotes(quote_wsdl), "urn:example:quotes")

    address = uuid.uuid4().urn
    metadata = this_computer("example").metadata(address)
    async with Host(
        address, metadata, instance=1, listen=Address("127.0.0.1", 0), interfaces=("lo",), services=[files, quotes]
    ) as host:
        async with Endpoint(host.url(quotes)) as endpoint:
            price = await quote_wsdl.proxy("StockQuotePortType", endpoint).GetLastTradePrice(tickerSymbol="MSFT")
            print(f"MSFT: {price.price}")
        async with Endpoint(host.url(files)) as endpoint:
            proxy = file_wsdl.proxy("FileServiceSecure", endpoint)
            listed = await proxy.GetFileList()
            print(f"{len(listed.FileList)} files, {listed.FileList[0]} the first")
            call = proxy.GetFile(filePath=Path(__file__).name)  # it runs already
            got = await call
            octets = await got.Attachment.read()
            print(f"{Path(__file__).name}: {len(octets)} octets, and they say {octets[3:29].decode()!r}")
            try:
                await proxy.GetFile(filePath="nowhere.txt")
            except Faulted as error:
                print(f"fault: {error.fault.reason}")


if __name__ == "__main__":
    where = Path(sys.argv[1]) if len(sys.argv) > 1 else SAMPLES
    if (where / "FileServiceSecure.wsdl").is_file():
        asyncio.run(main(where))
    else:
        print("give the folder of FileServiceSecure.wsdl and StockQuote.wsdl")
