"""NAME=VALUE becomes what the method declares."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from tests.cli.fakes import PART, Command

from openwmi.model import CimDateTime, CimInterval

WHEN = CimDateTime.from_datetime(datetime(2026, 1, 31, 12, tzinfo=UTC))


@pytest.mark.parametrize(
    ("given", "heard"),
    [
        (["Text=a=b, c"], {"Text": "a=b, c"}),
        (["text="], {"Text": ""}),
        (["Number=-5"], {"Number": -5}),
        (["Number=0x10"], {"Number": 16}),
        (["Number=007"], {"Number": 7}),
        (["Flag=TRUE"], {"Flag": True}),
        (["Flag=no"], {"Flag": False}),
        (["Real=1e3"], {"Real": 1000.0}),
        (["When=2026-01-31T12:00:00+00:00"], {"When": WHEN}),
        (["When=2026-01-31T12:00:00Z"], {"When": WHEN}),
        (["When=20260131120000.000000+000"], {"When": WHEN}),
        (["When=00000001000000.000000:000"], {"When": CimInterval.parse("00000001000000.000000:000")}),
        (["Numbers=1", "NUMBERS=2"], {"Numbers": (1, 2)}),
        (["Numbers=7"], {"Numbers": (7,)}),
        (["Numbers=[1, 2]"], {"Numbers": (1, 2)}),
        (["Numbers=[]"], {"Numbers": ()}),
        (['Part={"Size": 3, "label": "x"}'], {"Part": PART.instance({"Size": 3, "Label": "x"})}),
        (['Part={"__CLASS": "Test_Part", "Size": null, "Odd": 2}'], {"Part": PART.instance({"Odd": 2.0})}),
        (["Text=x", "Number=1"], {"Text": "x", "Number": 1}),
        (["When=P1DT2H3M4.5S"], {"When": CimInterval.parse("00000001020304.500000:000")}),
        (["When=PT5M"], {"When": CimInterval.parse("00000000000500.000000:000")}),
        (["Text=null"], {"Text": "null"}),
        (["Text:=null", "Number=1"], {"Number": 1}),
        (['Text:="null"', "Number:=5", "Flag:=true"], {"Text": "null", "Number": 5, "Flag": True}),
        (["Numbers:=[1, 2]", "Real:=2"], {"Real": 2.0, "Numbers": (1, 2)}),
        (['Part:={"Size": 3}'], {"Part": PART.instance({"Size": 3})}),
    ],
)
def test_values(openwmi: Command, given: list[str], heard: dict[str, object]) -> None:
    printed = openwmi("call", "Test_Robot", "say", *given)
    assert printed.err == ""
    assert json.loads(printed.out)["Heard"] == "; ".join(f"{name}={value!r}" for name, value in heard.items())


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["Number=five"], "Number is a sint16, which 'five' is not"),
        (["Number=40000"], "Number: sint16 takes an integer from -32768 to 32767"),
        (["Number=1", "number=2"], "Number is a sint16, which '1', '2' is not: it was given more than once"),
        (["Number="], "Number is a sint16, which '' is not"),
        (["Flag=maybe"], "Flag is a boolean"),
        (["Real=x"], "Real is a real64"),
        (["When=yesterday"], "When is a datetime"),
        (["When=2026-01-31T12:00:00"], "it says no offset from UTC: write 2026-01-31T12:00:00+00:00, or"),
        (["When=20261331120000.000000+000"], "the month is '13'"),
        (["Numbers=[1"], "Numbers is a uint8[]"),
        (["Numbers=300"], "Numbers: element 0: uint8"),
        (["Part=x"], "as JSON"),
        (["Part=[]"], "an object is written as JSON"),
        (['Part={"Sise": 1}'], "did you mean 'Size'?"),
        (['Part={"Size": "big"}'], "Part: Test_Part.Size is a uint8, which 'big' is not"),
        (['Part={"__CLASS": 5}'], "say which it is"),
        (["Text:=x"], "as JSON"),
        (["Number:=1.5"], "Number: sint16"),
        (["Numbers:=1", "Numbers:=2"], "Numbers was given more than once"),
        (["Numbers:=[1]", "numbers=2"], "numbers was given more than once"),
        (["Numbers:=[1, null]"], "no NULL among its elements"),
        (["When=P"], "When is a datetime"),
        ([":=5"], "':=5' is not NAME=VALUE"),
        (["Text"], "'Text' is not NAME=VALUE"),
    ],
)
def test_what_does_not_fit_is_wrong_usage(openwmi: Command, given: list[str], said: str) -> None:
    printed = openwmi("call", "Test_Robot", "Say", *given)
    assert (printed.status, printed.out) == (2, "")
    assert said in printed.err
