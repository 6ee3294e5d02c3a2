"""Objects on the wire: instances of a class of 45 properties from octets and into octets, beside impacket and aiowmi.

The class is shaped like Win32_Process: 13 strings, 3 datetimes, 13 uint32, 12 uint64, a uint16, a boolean, an array of
numbers and one of strings. One instance in twenty has a string that is NULL, one a string in UTF-16. All figures are of
the same octets, a batch of 500 at a time as IWbemWCOSmartEnum::Next gives them, and nothing is kept from batch to batch
but the class. What the peers find is compared with what we find.

impacket gets the class part cached by hand, which its interface does not offer. It is asked for a tenth of the rows,
since it would take the whole minute. aiowmi reads no NULL, and text in UTF-16 as none: those values are not compared.
"""

from __future__ import annotations

import gc
import json
import random
import tracemalloc
from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from itertools import accumulate, islice
from struct import Struct, pack, unpack_from
from typing import Any

from bench.figure import Absent, Figure, Goal, Printed, in_fresh_process, in_turns, scratch
from bench.peer import printed
from openwmi.model import CimClass, CimDateTime, CimInstance, CimType, Property, Qualifier, Type, Value, qualifier_set
from openwmi.wmio import ObjectArrayDecoder, ObjectArrayEncoder, encode_object

INSTANCES = 20_000
BATCH = 500
TIMES = 5
OF_IMPACKET = 2_000
COMPARED = 2_000

TEXTS = (
    "Handle Name Caption CommandLine CreationClassName CSCreationClassName CSName Description ExecutablePath "
    "OSCreationClassName OSName Status WindowsVersion"
).split()
TIMES_OF_DAY = "CreationDate InstallDate TerminationDate".split()
UINT32 = (
    "ExecutionState HandleCount MaximumWorkingSetSize MinimumWorkingSetSize PageFaults PageFileUsage ParentProcessId "
    "PeakPageFileUsage PeakWorkingSetSize Priority ProcessId SessionId ThreadCount"
).split()
UINT64 = (
    "KernelModeTime OtherOperationCount OtherTransferCount PeakVirtualSize PrivatePageCount QuotaNonPagedPoolUsage "
    "QuotaPagedPoolUsage ReadOperationCount ReadTransferCount UserModeTime VirtualSize WorkingSetSize"
).split()
COLUMNS = (
    *((name, Type(CimType.STRING)) for name in TEXTS),
    *((name, Type(CimType.DATETIME)) for name in TIMES_OF_DAY),
    *((name, Type(CimType.UINT32)) for name in UINT32),
    *((name, Type(CimType.UINT64)) for name in UINT64),
    ("Flags", Type(CimType.UINT16)),
    ("Elevated", Type(CimType.BOOLEAN)),
    ("Modules", Type(CimType.UINT32, array=True)),
    ("Roles", Type(CimType.STRING, array=True)),
)
CLASS = CimClass(
    "Bench_Process",
    derivation=("CIM_Process", "CIM_LogicalElement", "CIM_ManagedSystemElement"),
    properties=tuple(Property(name, type_, qualifiers=qualifier_set(Qualifier("read"))) for name, type_ in COLUMNS),
    namespace=r"root\cimv2",
    server="SRV1",
)
# What an instance begins with: ObjectFlags and Decoration.
HEAD = len(CLASS.server) + len(CLASS.namespace) + 5
THREE = ("Name", "ProcessId", "WorkingSetSize")


@cache
def instances() -> list[CimInstance]:
    chance = random.Random(1)  # noqa: S311 - the same rows each time
    return [CimInstance(CLASS, _row(chance, number)) for number in range(INSTANCES)]


def _row(chance: random.Random, number: int) -> tuple[Value, ...]:
    name = chance.choice(["sshd", "Bash", "python3", "systemd", "kworker", "postgres"])
    texts: list[str | None] = [
        str(number), name, f"{name} {number}", f"/usr/bin/{name} --number {number}", "Bench_Process",
        "Bench_ComputerSystem", "SRV1", f"the process {name}", f"/usr/bin/{name}", "Bench_OperatingSystem",
        "Linux|/|/dev/sda1", "OK", "6.1.0",
    ]  # fmt: skip
    if number % 20 == 0:
        texts[3] = texts[8] = None
    elif number % 20 == 1:
        texts[2] = f"процесс {number}"
    day = f"2024{chance.randrange(1, 13):02}{chance.randrange(1, 29):02}{chance.randrange(24):02}"
    seconds = f"{chance.randrange(60):02}{chance.randrange(60):02}.{chance.randrange(10**6):06}+060"
    times = [CimDateTime(f"{day[:4]}{month:02}{day[6:]}{seconds}") for month in (1, 2, 3)]
    small = [chance.randrange(1, 1 << 20) for _ in UINT32]
    large = [chance.randrange(1, 1 << 40) for _ in UINT64]
    arrays = tuple(chance.randrange(1, 1 << 20) for _ in range(3)), ("worker", f"of {name}")
    return (*texts, *times, *small, *large, 4, number % 2 == 1, *arrays)


@cache
def batches() -> list[bytes]:
    encoder, rows = ObjectArrayEncoder(), iter(instances())
    return [encoder.encode(batch) for batch in iter(lambda: list(islice(rows, BATCH)), [])]


def packets() -> Iterator[bytes]:
    for batch in batches():
        at = 46
        while at < len(batch):
            end = at + 9 + int(unpack_from("<I", batch, at + 4)[0])
            yield batch[at:end]
            at = end


# To decode.


def decoded() -> Iterator[list[Any]]:
    decoder = ObjectArrayDecoder()
    return map(decoder.decode, batches())


def read_all() -> None:
    for batch in decoded():
        for obj in batch:
            obj.values_  # noqa: B018 - it is decoded


def read_three() -> None:
    first, second, third = THREE
    for batch in decoded():
        for obj in batch:
            obj[first]
            obj[second]
            obj[third]


def check_ours() -> None:
    """Every value of every row, all at once and one by one.

    What was encoded is then out of the collector's sight, as it is in the processes of the peers, who do not have it.
    """
    rows = iter(instances())
    for batch in decoded():
        for obj in batch:
            expected = next(rows).values_
            if obj.values_ != expected or tuple(obj[name] for name in obj) != expected:
                raise SystemExit(f"decoded is not what was encoded: {obj}")
    gc.freeze()


def beside(package: str, given: object, count: int) -> tuple[float, float, list[dict[str, Any]]]:
    """Seconds that we need for all rows, before and after the peer has had its turn; the peer's, and what it found."""
    check_ours()
    before = in_turns(read_all, lambda: None, TIMES, min)[0]
    with scratch() as folder:
        file = folder / "given"
        file.write_text(json.dumps(given), "ascii")
        seconds, found = json.loads(printed(package, f"wmio_{package}.py", file, count))
    return min(before, in_turns(read_all, lambda: None, TIMES, min)[0]), float(seconds), found


def beside_impacket() -> tuple[float, float]:
    """Rows a second."""
    each = packets()
    rows = [_body(next(each)[33 + HEAD :]), *[packet[33 + HEAD :] for packet in islice(each, OF_IMPACKET - 1)]]
    given = {"unit": encode_object(instances()[0]).hex(), "rows": [row.hex() for row in rows]}
    ours, seconds, found = beside("impacket", given, OF_IMPACKET)
    _compare("impacket", found, _as_impacket, lambda _: False)
    return INSTANCES / ours, OF_IMPACKET / seconds


def _body(instance: bytes) -> bytes:
    """What follows the class part."""
    return instance[int.from_bytes(instance[:4], "little") :]


def beside_aiowmi() -> tuple[float, float]:
    """Rows a second."""
    ours, seconds, found = beside("aiowmi", [packet.hex() for packet in packets()], COMPARED)
    _compare("aiowmi", found, _as_aiowmi, _not_for_aiowmi)
    return INSTANCES / ours, INSTANCES / seconds


def _compare(
    package: str, found: list[dict[str, Any]], plain: Callable[[Value], Value], skip: Callable[[Value], bool]
) -> None:
    for obj, theirs in zip(instances(), found, strict=False):
        for name, value in obj.to_dict_().items():
            if not skip(value) and theirs[name] != plain(value):
                raise SystemExit(f"{package} has {theirs[name]!r} for {name}, and we have {value!r}: {obj['Handle']}")


def _as_impacket(value: Value) -> Value:
    return str(value) if isinstance(value, bool | CimDateTime) else list(value) if isinstance(value, tuple) else value


def _as_aiowmi(value: Value) -> Value:
    return value.isoformat() if isinstance(value, CimDateTime) else list(value) if isinstance(value, tuple) else value


def _not_for_aiowmi(value: Value) -> bool:
    """It has '' for UTF-16, and something else for NULL and False."""
    return value is None or value is False or (isinstance(value, str) and not value.isascii())


def lazily() -> tuple[float, float]:
    """Rows a second: three values of each, and all."""
    check_ours()
    seconds = in_turns(read_three, read_all, TIMES, min)
    return INSTANCES / seconds[0], INSTANCES / seconds[1]


# To keep.


def memory_of_kept() -> float:
    """Octets of memory for each kept object, beyond its own octets: from EncodingLength to the end of its heap."""
    arrays, own = batches()[1:], [len(packet) - 33 - HEAD for packet in islice(packets(), BATCH, None)]
    decoder = ObjectArrayDecoder()
    decoder.decode(batches()[0])
    tracemalloc.start()
    kept = [decoder.decode(batch) for batch in arrays]
    octets, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    if sum(map(len, kept)) != len(own):
        raise SystemExit("not every object was kept")
    return (octets - sum(own)) / len(own)


def kept() -> tuple[float, float]:
    return in_fresh_process(memory_of_kept), 0


# To encode.


SLOTS = "I" * 16 + "I" * 13 + "Q" * 12 + "HHII"
ROW = Struct(f"<IIBII16s{HEAD}sIBI12s{SLOTS}IBI")


class ByHand:
    """What somebody would write who has to send exactly this class, and nothing else."""

    def __init__(self, prefix: bytes) -> None:
        """`prefix` are the GUID and what an instance begins with."""
        self._guid, self._head = prefix[:16], prefix[16:]

    def encode(self, rows: list[CimInstance]) -> bytes:
        body = b"".join([self._packet(row.values_) for row in rows])
        sizes = len(body) + 20, len(body) + 12, len(body)
        first = 0, b"WBEMDATA", 26, sizes[0], 0, 1, 1, 8, sizes[1], 12, sizes[2], len(rows)
        return pack("<I8sIIIBBIIIII", *first) + body

    def _packet(self, row: tuple[Any, ...]) -> bytes:
        texts = [CLASS.name, *row[:13], *[when.text for when in row[13:16]]]
        flags = 0
        if None in texts:
            flags = sum(3 << 2 * place for place, text in enumerate(texts[1:]) if text is None)
        present = [text for text in texts if text is not None] if flags else texts
        try:
            heap = ("\0" + "\0\0".join(present) + "\0").encode("latin-1")
            offsets = list(accumulate([len(text) + 2 for text in present], initial=0))
        except UnicodeEncodeError:
            octets = [self._text(text) for text in present]
            heap, offsets = b"".join(octets), list(accumulate(map(len, octets), initial=0))
        modules, roles = row[43], row[44]
        numbers = pack(f"<I{len(modules)}I", len(modules), *modules)
        array = len(heap) + len(numbers)
        starts = accumulate([len(role) + 2 for role in roles], initial=array + 4 + 4 * len(roles))
        words = pack(f"<I{len(roles)}I", len(roles), *islice(starts, len(roles)))
        last = len(heap), array, 4, 1
        heap += numbers + words + ("\0" + "\0\0".join(roles) + "\0").encode("latin-1")
        if flags:
            rest = iter(offsets)
            offsets = [0 if text is None else next(rest) for text in [*texts, ""]]
        length = ROW.size - 33 - HEAD + len(heap)
        size = length + HEAD
        head = 9, size + 24, 3, 24, size, self._guid, self._head, length, 0, 0, flags.to_bytes(12, "little")
        elevated = 0xFFFF if row[42] else 0
        return ROW.pack(*head, *offsets[1:-1], *row[16:42], elevated, *last, len(heap) | 1 << 31) + heap

    def _text(self, text: str) -> bytes:
        if max(text) < "\u0100":
            return b"\0" + text.encode("latin-1") + b"\0"
        return b"\1" + text.encode("utf-16-le") + b"\0\0"


def encode() -> tuple[float, float]:
    """Rows a second, in arrays of 500, the class sent before."""
    rows = [instances()[start : start + BATCH] for start in range(0, INSTANCES, BATCH)]
    encoder = ObjectArrayEncoder()
    first = encoder.encode(rows[0])
    at = first.rindex(b"\6\0SRV1\0")
    by_hand = ByHand(first[at - 16 : at + HEAD])
    if any(encoder.encode(batch) != by_hand.encode(batch) for batch in rows[1:]):
        raise SystemExit("the two do not write the same octets")

    def ours() -> None:
        for batch in rows:
            encoder.encode(batch)

    def theirs() -> None:
        for batch in rows:
            by_hand.encode(batch)

    seconds = in_turns(ours, theirs, TIMES)
    return INSTANCES / seconds[0], INSTANCES / seconds[1]


# To make columns.


def columns() -> tuple[float, float]:
    """Rows a second: batches made into Arrow's columns from their octets, and by way of objects."""
    try:
        table: Any = import_module("pyarrow").Table
    except ImportError:
        raise Absent("pyarrow is not installed: it is the extra `arrow`") from None
    times = {name for name, type_ in COLUMNS if type_.cim is CimType.DATETIME}

    def by_objects() -> list[Any]:
        made = []
        for batch in decoded():
            found = dict(zip(CLASS.names, zip(*[obj.values_ for obj in batch], strict=True), strict=True))
            found |= {name: tuple(each and str(each) for each in found[name]) for name in times}
            made.append(table.from_pydict(found))
        return made

    def straight() -> list[Any]:
        decoder = ObjectArrayDecoder()
        return [each for batch in batches() for each in decoder.to_arrow(batch)]

    if [each.to_pydict() for each in straight()] != [each.to_pydict() for each in by_objects()]:
        raise SystemExit("the columns are not those of the objects")
    seconds = in_turns(straight, by_objects, 3)
    return INSTANCES / seconds[0], INSTANCES / seconds[1]


FIGURES = [
    Figure("decode an instance, all 45 values", "impacket, its class cached", "/s", Goal(">=", 40), beside_impacket),
    Figure("decode an instance, all 45 values", "aiowmi, smart", "/s", Goal(">=", 15), beside_aiowmi),
    Figure("decode an instance, three values of it", "all of them", "/s", Goal(">=", 3), lazily),
    Figure("memory of a kept instance, without its octets", "", "B", Goal("<=", 120, "B"), kept),
    Figure("encode an instance", "struct, by hand for this class", "/s", Goal(">=", 0.25), encode),
    Figure("decode instances into columns", "by way of objects", "/s", Printed(), columns),
]
