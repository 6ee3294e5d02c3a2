"""Messages of services as rows: what was given on the command line, what came back, and files for attachments."""

from __future__ import annotations

import asyncio
import mimetypes
import re
import uuid
from collections.abc import AsyncIterator, Callable, Container, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import fields, is_dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO, Final

import click

from openwmi.base.error import WbemError
from openwmi.base.fault import LocalProtocolError
from openwmi.base.status import WbemStatus
from openwmi.cli.arguments import Given, parse_pairs
from openwmi.cli.records import Record
from openwmi.cli.typed import parse_json
from openwmi.soap import Fragment, Metadata, QName
from openwmi.wsd.attachments import Attachment, Outbound
from openwmi.wsd.wsdl import PortType, Wsdl, WsdlOperation, load_wsdl
from openwmi.wsd.wsdl.documents import SCHEMA, WSDL, imports_in
from openwmi.wsd.wsdl.plain import from_plain, to_plain

PIECE: Final = 1 << 16
FILES: Final = 10_000
_ODD: Final = re.compile(r"[^\w.-]+")


def operation_of(wsdl: Wsdl, name: str, port_type: str | None) -> tuple[PortType, WsdlOperation]:
    """The operation of that name. UsageError where several port types have one; NotFound says what there is."""
    if port_type is not None:
        named = wsdl.port_types[port_type]
        return named, named.operation(name)
    contract = one_having(name, wsdl.port_types.values(), lambda each: each.operations)
    if contract is not None:
        return contract, contract.operations[name]
    events = [each for each in wsdl.port_types.values() if name in each.events]
    if events:
        events[0].operation(name)  # which says that it is an event
    known = ", ".join(each for one in wsdl.port_types.values() for each in one.operations) or "none"
    raise WbemError(WbemStatus.NOT_FOUND, f"{wsdl.name} has no operation {name}; it has {known}")


def one_having(
    name: str, contracts: Iterable[PortType], members: Callable[[PortType], Container[str]]
) -> PortType | None:
    """The port type that has such a member; None where none has. UsageError where several have."""
    having = [each for each in contracts if name in members(each)]
    if len(having) > 1:
        raise click.UsageError(
            f"several port types have {name}: --port-type {' or '.join(each.name.local for each in having)}"
        )
    return having[0] if having else None


def message_of(wsdl: Wsdl, operation: WsdlOperation, pairs: Iterable[str]) -> Any:
    """What the arguments say. UsageError."""
    given = parse_pairs(pairs)
    if operation.input is None:
        if given:
            raise click.UsageError(f"{operation.name} takes no arguments")
        return None
    codec = operation.input
    try:
        if not isinstance(codec.element.type, str):
            if len(given) != 1:
                raise click.UsageError(f"{operation.name} takes one argument, {codec.element.name.local}")
            return from_plain(wsdl.types, codec, _value(given[0]), _octets)
        return from_plain(wsdl.types, codec, _tree(given), _octets)
    except LocalProtocolError as error:
        raise click.UsageError(str(error)) from None


def _tree(given: Sequence[Given]) -> dict[str, Any]:
    """`a.b=1` is the field `b` of `a`."""
    tree: dict[str, Any] = {}
    for each in given:
        *steps, last = each.name.split(".")
        at = tree
        for step in steps:
            at = at.setdefault(step, {})
            if not isinstance(at, dict):
                raise click.UsageError(f"{each.name} was given as a whole, and in parts")
        if last in at:
            raise click.UsageError(f"{each.name} was given as a whole, and in parts")
        at[last] = _value(each)
    return tree


def _value(given: Given) -> Any:
    if given.as_json:
        try:
            return parse_json(given.texts[0])
        except ValueError:
            raise click.UsageError(f"{given.name}: {given.texts[0]!r:.80} is not JSON") from None
    return given.texts[0] if len(given.texts) == 1 else given.texts


def _octets(text: str) -> Any:
    """`@FILE`, or octets in base64."""
    if not text.startswith("@"):
        import base64  # noqa: PLC0415 - few messages have octets
        import binascii  # noqa: PLC0415 - likewise

        try:
            return base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            raise LocalProtocolError(f"{text!r:.80} is neither @FILE nor octets in base64") from None
    path = Path(text[1:])
    if not path.is_file():
        raise LocalProtocolError(f"there is no file {path}")

    async def pieces() -> AsyncIterator[bytes]:
        with await asyncio.to_thread(path.open, "rb") as file:
            while piece := await asyncio.to_thread(file.read, PIECE):
                yield piece

    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return Outbound(f"{uuid.uuid4()}@openwmi", pieces, kind)


async def record_of(message: Any, operation: WsdlOperation, folder: Path | None) -> Record:
    """The answer as a row; what came beside it goes to files of the folder, and their names into the row."""
    shown = to_plain(message)
    for path, attachment in _attachments(message):
        saved = await _save(attachment, path[-1] if path else "attachment", folder)
        if not path:
            shown = saved
            continue
        at = shown
        for step in path[:-1]:
            at = at[step]
        at[path[-1]] = saved
    if isinstance(shown, dict):
        return Record(None, shown)
    assert operation.output is not None, "there is an answer"
    return Record(None, {operation.output.element.name.local: shown})


def _attachments(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Attachment]]:
    if isinstance(value, Attachment):
        yield path, value
    elif isinstance(value, tuple):
        for index, each in enumerate(value):
            yield from _attachments(each, (*path, index))
    elif is_dataclass(value):
        for each in fields(value):
            yield from _attachments(getattr(value, each.name), (*path, each.name))


async def _save(attachment: Attachment, name: object, folder: Path | None) -> str:
    """Its octets, as they come. A file that is there already stays as it is: the next has a number."""
    kind = (await attachment.begun()).partition(";")[0].strip().lower()
    if folder is None:
        octets = sum([len(piece) async for piece in attachment])
        return f"{octets} octets of {kind or 'no type'}, not kept: --save DIR"
    stem = _ODD.sub("_", str(name)).strip("._") or "attachment"
    file = await asyncio.to_thread(_new_file, folder, stem, mimetypes.guess_extension(kind) or "")
    with file:
        async for piece in attachment:
            await asyncio.to_thread(file.write, piece)
    return file.name


def _new_file(folder: Path, stem: str, suffix: str) -> BinaryIO:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for number in range(1, FILES):
            with suppress(FileExistsError):
                return (folder / f"{stem}{f'-{number}' if number > 1 else ''}{suffix}").open("xb")
    except OSError as error:
        raise WbemError(WbemStatus.FAILED, f"{folder} cannot be written to: {error.strerror}") from None
    raise WbemError(WbemStatus.FAILED, f"{folder} has {FILES} files {stem}: choose another folder")


def wsdl_within(metadata: Metadata, url: str) -> Wsdl:
    """The WSDL that a service has in its metadata, and what it imports. WbemError(NOT_FOUND)."""
    found = [(each, content.text) for each in metadata.others for content in each.content if _is_contract(content)]
    first = next((number for number, (each, _) in enumerate(found) if each.dialect.rstrip("/") == WSDL.rstrip("/")), -1)
    if first < 0:
        raise WbemError(WbemStatus.NOT_FOUND, f"{url} has no WSDL in its metadata: give one by --wsdl FILE")
    _, text = found.pop(first)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "service.wsdl"
        path.write_text(text, encoding="utf-8")
        names = {space: name for each in (text, *(each for _, each in found)) for space, name in imports_in(each)}
        for section, imported in found:
            name = names.pop(section.identifier, "")
            if name and name != path.name:
                (path.parent / name).write_text(imported, encoding="utf-8")
        return load_wsdl(path)


def _is_contract(content: Fragment) -> bool:
    return content.name in {QName(WSDL, "definitions"), QName(SCHEMA, "schema")}
