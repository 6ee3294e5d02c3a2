"""Object paths: text to value and back, what is refused and what the refusal says."""

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.model import ObjectPath

names = st.from_regex(r"(__)?[A-Za-z][A-Za-z0-9_]{0,8}", fullmatch=True)
namespaces = st.lists(names, min_size=1, max_size=3).map("\\".join)
servers = st.sampled_from([".", "srv1", "srv1.example.com", "192.0.2.7", "[2001:db8::1]", "2001:db8::1"])
values = st.text(max_size=12) | st.integers(-(2**63), 2**64 - 1) | st.booleans()
compound = st.lists(st.tuples(names, values), min_size=1, max_size=3, unique_by=lambda key: key[0].lower()).map(tuple)
single = values.map(lambda value: ((None, value),))


@st.composite
def paths(draw: st.DrawFn) -> ObjectPath:
    namespace = draw(st.none() | namespaces)
    server = draw(st.none() | servers) if namespace else None
    singleton = draw(st.booleans())
    keys = None if singleton else draw(st.none() | compound | single)
    return ObjectPath(server, namespace, draw(names), keys, singleton)


@given(paths())
def test_paths_go_to_text_and_back(path: ObjectPath) -> None:
    again = ObjectPath.parse(str(path))
    assert again == path
    assert hash(again) == hash(path)
    assert (again.server, again.namespace, again.class_name) == (path.server, path.namespace, path.class_name)
    assert again.keys == path.keys
    assert again.singleton == path.singleton
    assert str(again) == str(path)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Win32_Process", ObjectPath(None, None, "Win32_Process")),
        (
            r"\\Admin\Root\CimV2:Win32_LogicalDisk",
            ObjectPath("Admin", r"Root\CimV2", "Win32_LogicalDisk"),
        ),
        (
            '//server/ns:Class="v"',
            ObjectPath("server", "ns", "Class", ((None, "v"),)),
        ),
        (
            r"\\.\root/cimv2:C.K='v'",
            ObjectPath(".", r"root\cimv2", "C", (("K", "v"),)),
        ),
        (r"root\cimv2:C=@", ObjectPath(None, r"root\cimv2", "C", None, True)),
        (r"/root/cimv2:C", ObjectPath(None, r"root\cimv2", "C")),
        ("C=@", ObjectPath(None, None, "C", None, True)),
        ("ComPort=2", ObjectPath(None, None, "ComPort", ((None, 2),))),
        (
            "C.A=-5,B=TRUE,c=false,D=0xFf",
            ObjectPath(None, None, "C", (("A", -5), ("B", True), ("c", False), ("D", 255))),
        ),
        ('MyClass.MyProp="e:"', ObjectPath(None, None, "MyClass", (("MyProp", "e:"),))),
        (r'C.K="say \"no\" to \\x"', ObjectPath(None, None, "C", (("K", r'say "no" to \x'),))),
        (r"""C.K='it\'s \"'""", ObjectPath(None, None, "C", (("K", "it's \""),))),
        ("C.K='\"'", ObjectPath(None, None, "C", (("K", '"'),))),
        ('C.K="\'"', ObjectPath(None, None, "C", (("K", "'"),))),
        ('C.K=""', ObjectPath(None, None, "C", (("K", ""),))),
        ('C.K="a:b=c,d.e@"', ObjectPath(None, None, "C", (("K", "a:b=c,d.e@"),))),
        ('C="a:b"', ObjectPath(None, None, "C", ((None, "a:b"),))),
        (r"\\[2001:db8::1]\root:C", ObjectPath("[2001:db8::1]", "root", "C")),
        (r"\\2001:db8::1\root:C", ObjectPath("2001:db8::1", "root", "C")),
        ("__Namespace.Name='x'", ObjectPath(None, None, "__Namespace", (("Name", "x"),))),
    ],
)
def test_forms(text: str, expected: ObjectPath) -> None:
    path = ObjectPath.parse(text)
    assert path == expected
    assert path.keys == expected.keys
    assert [type(value) for _, value in path.keys or ()] == [type(value) for _, value in expected.keys or ()]


def test_windows_takes_a_lone_backslash_for_itself() -> None:
    """The SDK asks for escapes as in C; real Windows runs `CIM_DataFile.Name='C:\\scripts\\test.txt'` all the same."""
    path = ObjectPath.parse(r"CIM_DataFile.Name='C:\scripts\test.txt'")
    assert path.keys == (("Name", r"C:\scripts\test.txt"),)
    assert str(path) == r'CIM_DataFile.Name="C:\\scripts\\test.txt"'


def test_a_path_may_hold_a_path() -> None:
    inner = ObjectPath(".", r"root\cimv2", "Win32_Account", (("Domain", "D"), ("Name", 'a"b')))
    outer = ObjectPath(None, None, "Win32_LoggedOnUser", (("Antecedent", str(inner)),))
    (key,) = ObjectPath.parse(str(outer)).keys or ()
    assert ObjectPath.parse(str(key[1])) == inner


@pytest.mark.parametrize(
    ("text", "position", "expected"),
    [
        ("", 0, "class name"),
        ("  C", 0, "class name"),
        ("1C", 0, "class name"),
        ("C.", 2, "key name"),
        ("C.K", 3, "="),
        ("C.K=", 4, "value"),
        ("C.K=@", 4, "value"),
        ("C=", 2, "value"),
        ("C=@x", 3, "end"),
        ("C x", 1, "end"),
        ("C.K=5 ,L=6", 5, "end"),
        ("C.K=5,", 6, "key name"),
        ("C=5,6", 3, "end"),
        ("C.K=5x", 4, "value"),
        ("C.K=1.5", 5, "end"),
        ("C.K=12345678901234567890123", 4, "value"),
        ("C.K=0x", 4, "value"),
        ("C.K=maybe", 4, "value"),
        ('C.K="abc', 4, "closing"),
        ('C.K="abc\\"', 4, "closing"),
        ('C.K="a"x', 7, "end"),
        ("C.K=1,k=2", 6, "twice"),
        ("C.K = 5", 3, "="),
        (r"\\srv", 5, "namespace"),
        (r"\\srv\root\cimv2", 16, ":"),
        (r"\\\root:C", 2, "server"),
        (r"/\.\root:C", 1, "namespace"),
        (r"root\\cimv2:C", 5, "namespace"),
        (r"root\:C", 5, "namespace"),
        (":C", 0, "namespace"),
        (r"root\cimv2:", 11, "class name"),
        (r"ro ot:C", 2, ":"),
    ],
)
def test_refusals_say_where_and_what(text: str, position: int, expected: str) -> None:
    with pytest.raises(WbemError) as caught:
        ObjectPath.parse(text)
    assert caught.value.status is WbemStatus.INVALID_OBJECT_PATH
    assert f"position {position}" in caught.value.message
    assert expected in caught.value.message


@given(st.text(max_size=40) | st.text("\\/.:=,@\"'aK1 ", max_size=20))
def test_any_text_parses_or_is_refused(text: str) -> None:
    try:
        path = ObjectPath.parse(text)
    except WbemError as error:
        assert error.status is WbemStatus.INVALID_OBJECT_PATH
    else:
        assert ObjectPath.parse(str(path)) == path


@given(paths())
def test_every_cut_parses_or_is_refused(path: ObjectPath) -> None:
    text = str(path)
    for end in range(len(text)):
        try:
            ObjectPath.parse(text[:end])
        except WbemError as error:
            assert error.status is WbemStatus.INVALID_OBJECT_PATH


def test_case_and_order_do_not_matter() -> None:
    """The SDK: comparisons of object paths are always without regard to case, and keys have no order."""
    one = ObjectPath.parse(r'\\SRV\ROOT\CIMV2:MyClass.IntVal=33,StrVal="AAA"')
    other = ObjectPath.parse(r"//srv/root/cimv2:myclass.strval='aaa',INTVAL=33")
    assert one == other
    assert hash(one) == hash(other)
    assert len({one, other}) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("C", "D"),
        ("C", "C=@"),
        ("C=1", "C=TRUE"),
        ("C=0", "C=FALSE"),
        ("C=1", "C='1'"),
        ("C=1", "C.K=1"),
        ("C.K=1", "C.L=1"),
        ("C.K=1", "C.K=1,L=2"),
        ("C", r"root:C"),
        (r"\\a\root:C", r"\\b\root:C"),
        ("C=''", "C"),
    ],
)
def test_different_paths_differ(one: str, other: str) -> None:
    assert ObjectPath.parse(one) != ObjectPath.parse(other)


def test_parts_and_kinds() -> None:
    path = ObjectPath.parse(r'\\srv\root\cimv2:C.K="v"')
    assert str(path.relative) == 'C.K="v"'
    assert not path.is_class
    assert ObjectPath.parse("C").is_class
    assert not ObjectPath.parse("C=@").is_class
    assert path.relative.relative == path.relative


def test_a_path_is_a_value() -> None:
    path = ObjectPath(None, "root/cimv2", "C", (("K", "v"),))
    assert path.namespace == "root\\cimv2"
    assert str(path) == 'root\\cimv2:C.K="v"'
    assert repr(path) == r"""ObjectPath.parse('root\\cimv2:C.K="v"')"""
    again = pickle.loads(pickle.dumps(path))
    assert again == path
    assert hash(again) == hash(path)
    with pytest.raises(AttributeError):
        path.class_name = "D"  # type: ignore[misc] # assignment is what must fail
    assert path != str(path)


def test_a_server_needs_a_namespace() -> None:
    with pytest.raises(WbemError) as caught:
        ObjectPath("srv", None, "C")
    assert caught.value.status is WbemStatus.INVALID_OBJECT_PATH
