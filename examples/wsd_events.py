"""A device that watches a folder, and a program that follows it: FileChangeEvent of Microsoft's FileServiceSecure.

    python examples/wsd_events.py FOLDER

FOLDER holds FileServiceSecure.wsdl of "Windows-classic-samples" (Samples/WebServicesDevicesApi). Without one it is
looked for beside this project. What is watched is a folder of its own, in which a file is made, renamed and deleted.
"""

import asyncio
import sys
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from openwmi.net import Address
from openwmi.soap import QName, SoapFault
from openwmi.wsd import Call, Endpoint, Faulted, Host, Outbound, SubscriptionEnded, Wsdl, load_wsdl, this_computer

SAMPLES = Path(__file__).parents[1] / "../shared/wsd"
LOOK_EVERY = 0.05


class Seen(NamedTuple):
    """A file, as it was when the folder was looked at."""

    number: int
    size: int
    changed: int


def look(folder: Path) -> dict[str, Seen]:
    """The files that are there, by their names."""
    found = {}
    for path in folder.iterdir():
        try:
            status = path.stat()
        except FileNotFoundError:  # it has just gone
            continue
        if path.is_file():
            found[path.name] = Seen(status.st_ino, status.st_size, status.st_mtime_ns)
    return found


def changes(before: Mapping[str, Seen], now: Mapping[str, Seen]) -> Iterator[tuple[str, str]]:
    """What has happened between two looks, in the words of the contract: of a file that was renamed both its names."""
    gone = {seen.number: name for name, seen in before.items() if name not in now}
    for name, seen in now.items():
        if name in before:
            if seen != before[name]:
                yield "Modified", name
        elif seen.number in gone:
            yield "RenamedOldName", gone.pop(seen.number)
            yield "RenamedNewName", name
        else:
            yield "Added", name
    for name in gone.values():
        yield "Removed", name


class Files:
    """A folder, as the contract has it: a method for each operation; and what becomes of it, as events."""

    def __init__(self, wsdl: Wsdl, folder: Path) -> None:
        self.folder = folder
        self.before = look(folder)  # before anybody can ask: what changes from here on is told
        self.wsdl = wsdl
        self.service = wsdl.service("FileServiceSecure", self, "urn:example:files")

    async def GetFileList(self, call: Call) -> object:
        return self.wsdl.type("GetFileListResponse")(FileList=tuple(sorted(await asyncio.to_thread(look, self.folder))))

    async def GetFile(self, parameters: Any, call: Call) -> object:
        path = self.folder / Path(parameters.filePath).name
        if not path.is_file():
            raise Faulted.of(SoapFault("Sender", QName("urn:example", "NoSuchFile"), f"there is no {path.name}"))
        octets = Outbound("file@example.org", await asyncio.to_thread(path.read_bytes))
        return self.wsdl.type("GetFileResponse")(Attachment=octets)

    async def watch(self) -> None:
        """Tells what changes, until it is cancelled."""
        event, kind = self.wsdl.type("FileChangeEvent"), self.wsdl.type("FileChangeEventType")
        while True:
            await asyncio.sleep(LOOK_EVERY)
            now = await asyncio.to_thread(look, self.folder)
            for what, name in changes(self.before, now):
                self.service.signal("FileChangeEvent", event(EventType=kind(what), FileName=name))
            self.before = now


async def follow(wsdl: Wsdl, url: str, folder: Path) -> None:
    """Hears of each change that it makes, and reads the new file."""
    async with Endpoint(url) as endpoint:
        files = wsdl.proxy("FileServiceSecure", endpoint)
        async with files.subscribe("FileChangeEvent") as events:
            await events.started()
            written = folder.with_suffix(".new")
            written.write_text("a line\n")
            written.rename(folder / "new.txt")  # so that it is there as a whole
            change = await anext(events)
            got = await files.GetFile(filePath=change.FileName)
            print(f"{change.EventType}: {change.FileName}, {len(await got.Attachment.read())} octets")
            (folder / "new.txt").rename(folder / "old.txt")
            for _ in range(2):
                change = await anext(events)
                print(f"{change.EventType}: {change.FileName}")
            (folder / "old.txt").unlink()
            change = await anext(events)
            print(f"{change.EventType}: {change.FileName}")


async def stay(wsdl: Wsdl, url: str, following: asyncio.Event) -> None:
    """Hears of nothing more, since the device ends."""
    async with Endpoint(url) as endpoint:
        try:
            async with wsdl.proxy("FileServiceSecure", endpoint).subscribe("FileChangeEvent") as events:
                await events.started()
                following.set()
                async for _ in events:
                    pass
        except SubscriptionEnded as error:
            print(f"no more events: {error.end.reason if error.end else error.message}")


async def main(samples: Path) -> None:
    wsdl = load_wsdl(samples / "FileServiceSecure.wsdl")
    with TemporaryDirectory() as name:
        files = Files(wsdl, Path(name))
        address, following = uuid.uuid4().urn, asyncio.Event()
        metadata, listen = this_computer("example").metadata(address), Address("127.0.0.1", 0)
        host = Host(address, metadata, instance=1, listen=listen, interfaces=("lo",), services=[files.service])
        async with host:
            watching = asyncio.create_task(files.watch())
            await follow(wsdl, host.url(files.service), files.folder)
            staying = asyncio.create_task(stay(wsdl, host.url(files.service), following))
            await following.wait()
            watching.cancel()
        await staying


if __name__ == "__main__":
    where = Path(sys.argv[1]) if len(sys.argv) > 1 else SAMPLES
    if (where / "FileServiceSecure.wsdl").is_file():
        asyncio.run(main(where))
    else:
        print("give the folder of FileServiceSecure.wsdl")
