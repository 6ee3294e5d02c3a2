"""Win32_UserAccount, Win32_Group, Win32_GroupUser, Win32_SystemUsers."""

from typing import Any

import pytest
from tests.providers.serving import Asking, Make, namespace, rows

from openwmi.providers.accounts.group import GroupProvider, GroupUserProvider, SystemUsersProvider
from openwmi.providers.accounts.user import UserAccountProvider
from openwmi.providers.host import Host, Kernel

PROVIDERS = (UserAccountProvider, GroupProvider, GroupUserProvider, SystemUsersProvider)
HOSTS = ("laptop", "cloud", "container", "server")


def user(host: Host, asking: Asking, name: str) -> dict[str, Any]:
    (row,) = rows(UserAccountProvider(host), asking, Name=name)
    return row


def test_a_user_with_everything(host: Make, asking: Asking) -> None:
    assert user(host("laptop"), asking, "anna") == {
        "Caption": "thinbook\\anna",
        "Description": None,
        "InstallDate": None,
        "Name": "anna",
        "Status": "OK",
        "Domain": "thinbook",
        "LocalAccount": True,
        "SID": "S-1-22-1-1000",
        "SIDType": 1,
        "AccountType": 512,
        "Disabled": False,
        "FullName": "Anna Example",
        "Lockout": None,
        "PasswordChangeable": True,
        "PasswordExpires": True,
        "PasswordRequired": True,
    }


def test_what_shadow_says(host: Make, asking: Asking) -> None:
    """`*` and `!` are locked; an empty password is none; the least age above the greatest; an account that expired."""
    container = host("container")
    names = ("Disabled", "PasswordExpires", "PasswordChangeable", "PasswordRequired", "Status")
    found = {name: tuple(user(container, asking, name)[each] for each in names) for name in ("root", "redis", "nobody")}
    assert found == {
        "root": (True, False, True, True, "Degraded"),
        "redis": (False, True, False, False, "OK"),
        "nobody": (True, False, True, True, "Degraded"),
    }
    assert user(host("laptop"), asking, "root")["Disabled"]


def test_an_account_expires_on_its_day(host: Make, asking: Asking) -> None:
    shadow = "== /etc/shadow\nanna:$y$x:19600:0:99999:7::{}:\n"
    today = 1_700_000_000 // 86400
    assert user(host("laptop", shadow.format(today)), asking, "anna")["Disabled"]
    assert not user(host("laptop", shadow.format(today + 1)), asking, "anna")["Disabled"]


def test_without_shadow_what_it_says_is_null(host: Make, asking: Asking) -> None:
    row = user(host("cloud"), asking, "ubuntu")
    unknown = ("Disabled", "PasswordChangeable", "PasswordExpires", "PasswordRequired", "Status")
    assert [name for name in unknown if row[name] is not None] == []
    assert (row["SID"], row["FullName"]) == ("S-1-22-1-1000", "Ubuntu")


def test_a_password_in_passwd(host: Make, asking: Asking) -> None:
    changed = host("cloud", "== /etc/passwd\nopen::1:1:The & of all:/:/bin/sh\nold:ab12:2:2::/:/bin/sh\n")
    assert [(row["Name"], row["PasswordRequired"]) for row in rows(UserAccountProvider(changed), asking)] == [
        ("open", False),
        ("old", True),
    ]
    assert user(changed, asking, "OPEN")["FullName"] == "The Open of all"
    assert user(changed, asking, "old")["FullName"] == ""


def test_lines_that_are_no_accounts(host: Make, asking: Asking) -> None:
    text = "# comment\n+\n-@net\n+::::::\nshort:x:1\n:x:1:1::/:\nbad:x:one:1::/:\na:x:5:5::/:\na:x:6:6::/:\n\n"
    odd = host("laptop", f"== /etc/passwd\n{text}", "== /etc/group\n+\nshort:x\nbad:x:y:\nok:x:5:\nok:x:6:a\n")
    assert [(row["Name"], row["SID"]) for row in rows(UserAccountProvider(odd), asking)] == [("a", "S-1-22-1-5")]
    assert [(row["Name"], row["SID"]) for row in rows(GroupProvider(odd), asking)] == [("ok", "S-1-22-2-5")]


def test_groups(host: Make, asking: Asking) -> None:
    found = {row["Name"]: row for row in rows(GroupProvider(host("server")), asking)}
    assert found["wheel"] == {
        "Caption": "db1.example.org\\wheel",
        "Description": None,
        "InstallDate": None,
        "Name": "wheel",
        "Status": "OK",
        "Domain": "db1.example.org",
        "LocalAccount": True,
        "SID": "S-1-22-2-10",
        "SIDType": 4,
    }


async def test_members_are_those_named_and_those_whose_group_it_is(host: Make) -> None:
    ns = namespace(*[each(host("container")) for each in PROVIDERS])
    pairs = [
        ((await ns.get(row.GroupComponent)).Name, (await ns.get(row.PartComponent)).Name)
        async for row in ns.query("SELECT * FROM Win32_GroupUser")
    ]
    assert pairs == [
        ("root", "root"),
        ("bin", "bin"),
        ("bin", "root"),
        ("redis", "redis"),
        ("nobody", "nobody"),
    ]


async def test_a_member_that_is_no_user_is_left_out(host: Make, asking: Asking) -> None:
    changed = host("laptop", "== /etc/group\naudio:x:29:gone,anna,anna\n")
    assert len(rows(GroupUserProvider(changed), asking)) == 1


async def test_what_is_associated_with_a_user(host: Make) -> None:
    ns = namespace(*[each(host("laptop")) for each in PROVIDERS])
    anna = 'Win32_UserAccount.Domain="thinbook",Name="anna"'
    query = f"ASSOCIATORS OF {{{anna}}} WHERE AssocClass=Win32_GroupUser"
    assert [group.Name async for group in ns.query(query)] == ["anna", "sudo", "audio"]
    (system,) = [row async for row in ns.query(f"REFERENCES OF {{{anna}}} WHERE ResultClass=Win32_SystemUsers")]
    assert system.GroupComponent.endswith(':Win32_ComputerSystem.Name="thinbook"')


@pytest.mark.parametrize("name", HOSTS)
@pytest.mark.parametrize("kind", PROVIDERS)
def test_every_host_has_some(name: str, kind: Any, host: Make, asking: Asking) -> None:
    assert rows(kind(host(name)), asking)


@pytest.mark.parametrize("kind", PROVIDERS)
def test_nothing_where_there_are_no_files(kind: Any, asking: Asking) -> None:
    assert rows(kind(Host("/no/such/root", kernel=Kernel("n", "6.1"))), asking) == []


def test_shadow_is_not_read_for_a_name(host: Make, asking: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    laptop = host("laptop")
    monkeypatch.setattr(laptop, "load", lambda path: pytest.fail(path) if "shadow" in path else Host.load(laptop, path))
    assert len(rows(UserAccountProvider(laptop), asking, "Name", "SID", "FullName")) == 6
