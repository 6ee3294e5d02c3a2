"""What we encode, read by impacket and aiowmi, and what impacket encodes, read by us; each peer in its own process.

Only what they can read is compared; test_interop_wmio_types goes through every type, and lists what they read wrongly.
Neither ever meets dictionary entry 2, the empty string, which both take for another word.
"""

from __future__ import annotations

from datetime import UTC, datetime

from tests.interop.asking import ask, unit

from openwmi.model import (
    CimClass,
    CimDateTime,
    CimInstance,
    CimInterval,
    CimType,
    Method,
    Parameter,
    Property,
    Qualifier,
    Type,
    input_class,
    qualifier_set,
)
from openwmi.wmio import ObjectArrayEncoder, decode_object, encode_object

STRING, UINT32, UINT64 = Type(CimType.STRING), Type(CimType.UINT32), Type(CimType.UINT64)
STRINGS, NUMBERS = Type(CimType.STRING, array=True), Type(CimType.UINT32, array=True)
OBJECT = Type(CimType.OBJECT)

KEY = Qualifier("key")
READ = qualifier_set(Qualifier("read"), Qualifier("MappingStrings", ("Win32API|One", "Win32API|Two"), STRINGS))
PROPERTIES = (
    Property("Handle", STRING, qualifiers=qualifier_set(KEY), origin="CIM_Process"),
    Property("Name", STRING, qualifiers=READ, origin="CIM_Process"),
    Property("Caption", STRING),
    Property("Empty", STRING),
    Property("CreationDate", Type(CimType.DATETIME)),
    Property("Elapsed", Type(CimType.DATETIME)),
    Property("ProcessId", UINT32),
    Property("Zero", UINT32),
    Property("KernelModeTime", UINT64),
    Property("Signed", Type(CimType.SINT64)),
    Property("Small", Type(CimType.SINT8)),
    Property("Letter", Type(CimType.CHAR16)),
    Property("Running", Type(CimType.BOOLEAN)),
    Property("Stopped", Type(CimType.BOOLEAN)),
    Property("Disk", Type(CimType.REFERENCE, class_name="Win32_Disk")),
    Property("Ids", NUMBERS),
    Property("Names", STRINGS),
)
VALUES = {
    "Handle": "4", "Name": "sshd", "Caption": "sshd: /usr/sbin/sshd", "Empty": "",
    "CreationDate": CimDateTime.parse("20240131120000.123456+060"),
    "Elapsed": CimInterval.parse("00000001020304.000005:000"),
    "ProcessId": 4, "Zero": 0, "KernelModeTime": 2**63 + 1, "Signed": -(2**62), "Small": -7, "Letter": "K",
    "Running": True, "Stopped": False, "Disk": r'\\SRV1\root\cimv2:Win32_Disk.Id="C:"', "Ids": (1, 0, 4294967295),
    "Names": ("one", "", "three"),
}  # fmt: skip
CREATE = Method(
    "Create",
    (
        Parameter("CommandLine", STRING, is_in=True, is_out=False, id=0),
        Parameter("CurrentDirectory", STRING, is_in=True, is_out=False, id=1),
        Parameter("Environment", STRINGS, is_in=True, is_out=False, id=2),
        Parameter("Priority", UINT32, is_in=True, is_out=False, id=3),
        Parameter("Startup", Type(CimType.OBJECT, class_name="X"), is_in=True, is_out=False, id=4),
        Parameter("ProcessId", UINT32, is_in=False, is_out=True, id=5),
    ),
    UINT32,
    qualifier_set(Qualifier("static")),
)
SIMPLE = Method("AttachDebugger", returns=UINT32)
CLASS = CimClass(
    "Win32_Process",
    derivation=("CIM_Process", "CIM_LogicalElement"),
    properties=PROPERTIES,
    methods=(CREATE, SIMPLE),
    qualifiers=qualifier_set(Qualifier("dynamic"), Qualifier("provider", "CIMWin32", STRING)),
    server="SRV1",
    namespace=r"root\cimv2",
)


# What impacket and aiowmi make of the values that are not what JSON makes of them.
IMPACKET = VALUES | {
    "CreationDate": "20240131120000.123456+060", "Elapsed": "00000001020304.000005:000", "Letter": 75,
    "Running": "True", "Stopped": "False", "Ids": [1, 0, 4294967295], "Names": ["one", "", "three"],
}  # fmt: skip
AIOWMI = VALUES | {
    "CreationDate": "2024-01-31T12:00:00.123456+01:00", "Elapsed": 93784.000005, "Letter": 75,
    "Ids": [1, 0, 4294967295], "Names": ["one", "", "three"],
}  # fmt: skip


def test_impacket_reads_an_instance() -> None:
    [found] = ask("impacket", unit(CLASS.instance(VALUES)))
    assert found["name"].split() == ["Win32_Process", ":", "CIM_Process", ":", "CIM_LogicalElement"]
    assert {name: each["value"] for name, each in found["properties"].items()} == IMPACKET
    assert list(found["properties"]) == list(CLASS.names)
    assert found["qualifiers"] == {"dynamic": "True", "provider": "CIMWin32"}
    assert found["properties"]["Name"]["qualifiers"] == {
        "CIMTYPE": "string",
        "read": "True",
        "MappingStrings": ["Win32API|One", "Win32API|Two"],
    }
    assert found["properties"]["Disk"]["qualifiers"] == {"CIMTYPE": "ref:Win32_Disk"}


def test_impacket_reads_null_and_text_of_any_script() -> None:
    strings = CLASS.instance(dict.fromkeys(CLASS.names) | {"Caption": "процесс", "Zero": 0, "Names": ("имя", "name")})
    [found] = ask("impacket", unit(strings))
    values = {name: each["value"] for name, each in found["properties"].items()}
    assert values == dict.fromkeys(CLASS.names) | {"Caption": "процесс", "Zero": 0, "Names": ["имя", "name"]}


def test_impacket_reads_a_class_with_its_methods_and_its_parent() -> None:
    [found] = ask("impacket", unit(CLASS))
    assert found["parent"].split() == ["CIM_Process", ":", "CIM_LogicalElement"]
    assert found["methods"] == {
        "Create": {
            "in": ["CommandLine", "CurrentDirectory", "Environment", "Priority", "Startup"],
            "out": ["ProcessId", "ReturnValue"],
            "qualifiers": {"static": "True"},
            "types": {
                "CommandLine": 8, "CurrentDirectory": 8, "Environment": 0x2008, "Priority": 19, "Startup": 13,
                "ProcessId": 19, "ReturnValue": 19,
            },
        },
        "AttachDebugger": {"in": [], "out": ["ReturnValue"], "qualifiers": {}, "types": {"ReturnValue": 19}},
    }  # fmt: skip


def test_impacket_reads_embedded_objects() -> None:
    inner = CimClass("Win32_Trustee", properties=(Property("Name", STRING),), server="SRV1", namespace="root")
    one, two = inner.instance({"Name": "one"}), inner.instance({"Name": "два"})
    outer = CimClass("Outer", properties=(Property("One", OBJECT), Property("All", Type(CimType.OBJECT, array=True))))
    [found] = ask("impacket", unit(outer.instance({"One": one, "All": (one, two)})))
    assert found["properties"]["One"]["value"]["properties"]["Name"]["value"] == "one"
    names = [each["properties"]["Name"]["value"] for each in found["properties"]["All"]["value"]]
    assert names == ["one", "два"]


def test_impacket_reads_a_projection() -> None:
    [found] = ask("impacket", unit(CLASS.project(["Name", "ProcessId"]).instance({"Name": "init", "ProcessId": 1})))
    assert {name: each["value"] for name, each in found["properties"].items()} == {"Name": "init", "ProcessId": 1}


def test_what_impacket_sends_to_a_method() -> None:
    """Its in parameters are undecorated, its text is UTF-16, and a NULL array is the reference 0 and nothing else."""
    startup = CimClass("X", properties=(Property("ShowWindow", UINT32),)).instance({"ShowWindow": 5})
    arguments = ["notepad.exe", "c:\\", ["A=1", "B=2"], 32, None]
    bare = ["cmd", "", None, 0, None]
    sent, sent_bare = ask(
        "impacket",
        *[unit(CLASS) | {"method": "Create", "arguments": each} for each in (arguments, bare)],
    )
    found, found_bare = decode_object(bytes.fromhex(sent)), decode_object(bytes.fromhex(sent_bare))
    expected = input_class(CREATE)
    assert expected is not None
    assert isinstance(found, CimInstance)
    assert found.class_.properties == expected.properties
    assert found == CimInstance(expected, ("notepad.exe", "c:\\", ("A=1", "B=2"), 32, None))
    assert found_bare == CimInstance(expected, ("cmd", "", None, 0, None))
    assert (
        decode_object(encode_object(CimInstance(expected, ("x", "y", (), 1, startup)), decorated=False))["Startup"]
        == startup
    )


def test_a_new_instance_by_impacket() -> None:
    """Its NULLs have their two bits exchanged: "the default of the class", which for these is NULL as well."""
    names = ("Handle", "Name", "Empty", "ProcessId", "Zero", "KernelModeTime", "Running", "Stopped", "Ids", "Small")
    cls = CimClass(
        "Win32_Process",
        derivation=("CIM_Process",),
        properties=tuple(prop for prop in PROPERTIES if prop.name in names),
        namespace=r"root\cimv2",
        server="SRV1",
    )
    values = {
        "Handle": "4",
        "Name": "sshd",
        "ProcessId": 7,
        "Zero": 0,
        "Running": True,
        "Stopped": False,
        "Ids": [1, 2],
    }
    [sent] = ask("impacket", unit(cls) | {"set": values | {"KernelModeTime": None}})
    found = decode_object(bytes.fromhex(sent))
    assert isinstance(found, CimInstance)
    assert found.to_dict_() == values | {"Empty": None, "KernelModeTime": None, "Ids": (1, 2), "Small": 0}
    assert (found["__SERVER"], found["__NAMESPACE"], found.class_.names) == ("SRV1", r"root\cimv2", cls.names)


def test_aiowmi_reads_an_instance() -> None:
    [found] = ask("aiowmi", unit(CLASS.instance(VALUES)))
    qualifiers = found.pop("")["qualifiers"]
    assert {name: each["value"] for name, each in found.items()} == AIOWMI
    assert list(found) == list(CLASS.names)
    assert qualifiers == {"dynamic": True, "provider": "CIMWin32"}
    assert found["Name"]["qualifiers"]["MappingStrings"] == ["Win32API|One", "Win32API|Two"]


def test_aiowmi_reads_reals() -> None:
    cls = CimClass("C", properties=(Property("R", Type(CimType.REAL32)), Property("D", Type(CimType.REAL64))))
    [found] = ask("aiowmi", unit(cls.instance({"R": 1.5, "D": 0.1})))
    assert (found["R"]["value"], found["D"]["value"]) == (1.5, 0.1)


def test_aiowmi_reads_an_enumerator_of_two_classes() -> None:
    """The class comes with the first instance of each, and is remembered."""
    other = CimClass("Other", properties=(Property("Text", STRING), Property("Number", UINT32)))
    rows = [
        CLASS.instance(VALUES | {"ProcessId": 1}),
        other.instance({"Text": "text", "Number": 5}),
        CLASS.instance(VALUES | {"ProcessId": 2, "Name": "init"}),
        other.instance({"Text": "", "Number": 7}),
        CLASS.instance(VALUES | {"ProcessId": 3}),
    ]
    encoder = ObjectArrayEncoder()
    [found] = ask("aiowmi", {"packets": [encoder.packet(row).hex() for row in rows]})
    values = [{name: each["value"] for name, each in row.items() if name} for row in found]
    assert values == [
        AIOWMI | {"ProcessId": 1},
        {"Text": "text", "Number": 5},
        AIOWMI | {"ProcessId": 2, "Name": "init"},
        {"Text": "", "Number": 7},
        AIOWMI | {"ProcessId": 3},
    ]


def test_both_read_the_same_time() -> None:
    when = datetime(2024, 1, 31, 11, 0, 0, 123456, tzinfo=UTC)
    [found] = ask("aiowmi", unit(CLASS.instance(VALUES)))
    assert datetime.fromisoformat(found["CreationDate"]["value"]) == when
