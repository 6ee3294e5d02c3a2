"""A compilation in its two parts, as the SDK's "Compiling Localized MOF Files" shows them."""

from __future__ import annotations

import pytest
from tests.mof.fakes import compiled

from openwmi.base.error import WbemError
from openwmi.base.status import MofStatus, WbemStatus
from openwmi.mof import Compilation, DeleteClass, MofError, format_compilation, split

MASTER = """#pragma namespace("\\\\\\\\.\\\\root\\\\TEST")
#pragma amendment("MS_409")
[Description("Localized version of MyClass") : Amended, LOCALE(0x409)]
class myclass
{
  [DisplayName("User Name") : Amended, Description("The name of the user") : Amended, key] string Name;
  uint64 Value;
  [DisplayName("Time Stamp") : Amended] uint64 Timestamp;
  void Plain();
  uint32 Told([in, Description("of a parameter") : Amended ToSubclass] string A, [out] string B);
};
class derived : myclass
{
};
instance of myclass
{
  Name = "x";
};
"""

NEUTRAL = """#pragma namespace("\\\\\\\\.\\\\root\\\\TEST")

[LOCALE(1033)]
class myclass
{
  [key] string Name;
  uint64 Value;
  uint64 Timestamp;
  void Plain();
  uint32 Told([in] string A, [out] string B);
};

class derived : myclass
{
};

instance of myclass
{
  Name = "x";
};
"""

LOCALIZED = """#pragma namespace("\\\\\\\\.\\\\root\\\\TEST")

instance of __NAMESPACE
{
  Name = "ms_409";
};

#pragma namespace("\\\\\\\\.\\\\root\\\\TEST\\\\ms_409")

[Description("Localized version of MyClass") : Amended, Amendment, Locale(1033)]
class myclass
{
  [DisplayName("User Name") : Amended, Description("The name of the user") : Amended, key] string Name;
  [DisplayName("Time Stamp") : Amended] uint64 Timestamp;
  uint32 Told([in, Description("of a parameter") : ToSubclass Amended] string A, [out] string B);
};
"""


def parts() -> tuple[Compilation, Compilation]:
    found = compiled(MASTER)
    assert found.amendment is not None
    return split(found, found.amendment)


def test_the_two_parts() -> None:
    neutral, localized = parts()
    assert (neutral.amendment, localized.amendment) == (None, None)
    assert format_compilation(neutral) == NEUTRAL
    assert format_compilation(localized) == LOCALIZED
    assert [step.namespace for step in localized.steps] == ["root\\TEST", "root\\TEST\\ms_409"]
    assert localized.classes[0].namespace == "root\\TEST\\ms_409"


def test_the_instances_are_of_the_class_without_a_language() -> None:
    neutral, _ = parts()
    assert neutral.instances[0].class_ == neutral.classes[0]
    assert str(neutral.instances[0].path_) == '\\\\.\\root\\TEST:myclass.Name="x"'.removeprefix("\\\\.\\")
    assert compiled(NEUTRAL).classes == neutral.classes


def test_nothing_for_people_is_nothing_in_the_second_part() -> None:
    neutral, localized = split(compiled('class A { };\n#pragma deleteclass("B", NOFAIL)'), "ms_40C")
    assert [type(step) for step in neutral.steps][1:] == [DeleteClass]
    assert not localized.steps


def test_the_language_is_another_one() -> None:
    _, localized = split(compiled('[D("x") : Amended] class A { };'), "MS_40C")
    assert localized.instances[0]["Name"] == "ms_40c"
    assert localized.classes[0].qualifiers["Locale"].value == 0x40C


def test_what_is_no_language() -> None:
    with pytest.raises(WbemError) as caught:
        split(compiled("class A { };"), "en_US")
    assert caught.value.status is WbemStatus.INVALID_PARAMETER
    with pytest.raises(MofError) as refused:
        compiled('#pragma amendment("en_US")')
    assert refused.value.status is MofStatus.INVALID_AMENDMENT_SYNTAX
