"""Tables of providers: rows of what is wanted, keys, equalities, what cannot be read; paths."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from openwmi.engine.provider import Request
from openwmi.model import ObjectPath
from openwmi.providers.host import Host, SilentError
from openwmi.providers.reading import GoneError, HostProvider, Null, Reads, Table, always, path_to, same

Asking = Callable[..., Request]
CLASS = "Win32_DependentService"


@dataclass
class Shelf:
    """A sample that counts what was read of it."""

    name: str
    read: list[str]
    error: Exception | None = None

    def value(self, what: str) -> str:
        self.read.append(what)
        if self.error is not None and what == "Status":
            raise self.error
        return f"{what} of {self.name}"


TABLE: Table[Shelf] = {
    "Name": Reads("its name", lambda shelf: shelf.name),
    "Caption": Reads("made up", lambda shelf: shelf.value("Caption")),
    "Status": Reads("made up", lambda shelf: shelf.value("Status")),
    "DeleteFlag": always(False),
    "TagId": Null("nobody tags"),
}


class Shelves(HostProvider[Shelf]):
    cim_class = "Win32_Service"
    table = TABLE

    def __init__(self, *shelves: Shelf) -> None:
        super().__init__(Host("/nowhere"))
        self.shelves = shelves

    def samples(self, request: Request) -> Iterator[Shelf]:
        yield from self.shelves


def test_rows_have_what_is_wanted_and_the_key(asking: Asking) -> None:
    shelf = Shelf("a", [])
    assert list(Shelves(shelf).instances(asking("Win32_Service", "caption", "TAGID"))) == [
        {"Name": "a", "Caption": "Caption of a", "TagId": None}
    ]
    assert shelf.read == ["Caption"]
    (row,) = Shelves(shelf).instances(asking("Win32_Service"))
    assert list(row) == list(TABLE)


def test_what_does_not_match_is_given_up_before_the_rest_is_read(asking: Asking) -> None:
    one, two = Shelf("a", []), Shelf("b", [])
    request = asking("Win32_Service", "Status", Name="B", Caption="CAPTION OF B")
    assert list(Shelves(one, two).instances(request)) == [
        {"Name": "b", "Caption": "Caption of b", "Status": "Status of b"}
    ]
    assert (one.read, two.read) == ([], ["Caption", "Status"])
    assert len(list(Shelves(one, two).instances(asking("Win32_Service", State="x")))) == 2  # the engine sees to that


def test_one_is_found_by_its_keys(asking: Asking) -> None:
    one, two = Shelf("a", []), Shelf("b", [])
    assert Shelves(one, two).get(asking("Win32_Service", "Caption"), {"Name": "B"}) == {
        "Name": "b",
        "Caption": "Caption of b",
    }
    assert (one.read, two.read) == ([], ["Caption"])
    assert Shelves(one).get(asking("Win32_Service"), {"Name": "x"}) is None


def test_a_name_that_looks_like_a_path_is_none(asking: Asking) -> None:
    found = Shelves(Shelf('a:b.c="x"', []), Shelf('d:e.f="x"', [])).get(
        asking("Win32_Service", "Name"), {"Name": 'd:e.f="X"'}
    )
    assert found == {"Name": 'd:e.f="x"'}


def test_what_goes_while_another_is_looked_for_does_not_matter(asking: Asking) -> None:
    found = Shelves(Shelf("a", [], GoneError()), Shelf("b", [])).get(
        asking("Win32_Service", "Name"), {"Status": "status of B"}
    )
    assert found is not None
    assert found["Name"] == "b"


@pytest.mark.parametrize("error", [OSError("x"), ValueError("x"), KeyError("x"), IndexError("x")])
def test_what_cannot_be_read_is_null(error: Exception, asking: Asking) -> None:
    (row,) = Shelves(Shelf("a", [], error)).instances(asking("Win32_Service", "Status", "Caption"))
    assert row == {"Name": "a", "Caption": "Caption of a", "Status": None}


def test_a_bug_is_no_null(asking: Asking) -> None:
    with pytest.raises(TypeError):
        list(Shelves(Shelf("a", [], TypeError("x"))).instances(asking("Win32_Service")))


def test_what_did_not_answer_is_null_and_named(asking: Asking, caplog: pytest.LogCaptureFixture) -> None:
    silent = SilentError("statvfs of /mnt/nfs did not answer within 2 s")
    with caplog.at_level(logging.WARNING, "openwmi.providers"):
        (row,) = Shelves(Shelf("a", [], silent)).instances(asking("Win32_Service", "Status"))
    assert row["Status"] is None
    assert caplog.messages == ["Win32_Service.Status: statvfs of /mnt/nfs did not answer within 2 s: NULL"]


def test_what_has_gone_has_no_row(asking: Asking) -> None:
    shelves = Shelves(Shelf("a", [], GoneError()), Shelf("b", []))
    assert [row["Name"] for row in shelves.instances(asking("Win32_Service", "Status"))] == ["b"]
    assert shelves.get(asking("Win32_Service", "Status"), {"Name": "a"}) is None


def test_paths_are_whole(asking: Asking) -> None:
    request = asking(CLASS)
    path = path_to(request, "Win32_Service", Name='a "b"')
    assert ObjectPath.parse(path).keys == (("Name", 'a "b"'),)
    assert path.endswith(r':Win32_Service.Name="a \"b\""')


@pytest.mark.parametrize(
    ("found", "wanted", "equal"),
    [
        ("a", "A", True),
        ("a", "b", False),
        (4, 4, True),
        (None, "a", False),
        (r'\\s\root\cimv2:Win32_Service.Name="a"', 'win32_service.name="A"', True),
        (r'\\s\root\cimv2:Win32_Service.Name="a"', 'CIM_Service="a"', True),  # the engine looks again
        (r'\\s\root\cimv2:Win32_Service.Name="a"', 'Win32_Service.Name="b"', False),
        (r'\\s\root\cimv2:Win32_Service.Name="a"', "no path", False),
        (r"\\s\root\cimv2:Win32_OperatingSystem=@", "CIM_OperatingSystem=@", True),
        ("12:30", "12:31", False),
        ("irq/24-ACPI:Ged", "_Total", False),
    ],
)
def test_what_may_be_the_same(found: object, wanted: object, equal: bool) -> None:
    assert same(found, wanted) is equal
