"""The report: enough to compare servers by, and nothing that is anybody's."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.client.doctor.patient import PASSWORD, SECRET, found, served, visit_to

from openwmi.client.doctor import Finding, Status, report_of
from openwmi.client.doctor.table import CHECKS

OURS = "class Palace_Tulip { [key] string Bed; }; instance of Palace_Tulip { Bed = 'west'; };".replace("'", '"')
PRIVATE = (
    "127.0.0.1",
    "TESTHOST",
    "PALACE",
    "gardener",
    PASSWORD,
    SECRET,
    "424242",
    "Palace_Tulip",
    "west",
    "root",
    "cimv2",
    "workgroup",
)


def reported(*, names: bool = False, **how: Any) -> tuple[str, dict[str, Any]]:
    """The report as text, and as a document."""
    with served(OURS) as server:
        visit = visit_to(server, **how)
        findings = list(found(visit).values())
        text = json.dumps(report_of(visit, findings, version="1.2.3", names=names))
        return text.replace(str(server.port), "PORT") if str(server.port) in text else text, json.loads(text)


@pytest.mark.parametrize("how", [{}, {"password": "wrong"}, {"namespace": r"root\cimv2\Palace_Tulip"}])
def test_nothing_private_is_in_it(how: dict[str, Any]) -> None:
    text, _ = reported(**how)
    assert [word for word in PRIVATE if word.lower() in text.lower()] == []
    assert "PORT" not in text


def test_names_are_in_it_for_who_wants_them() -> None:
    text, document = reported(names=True)
    assert document["user"] == r"PALACE\gardener"
    assert document["host"].startswith("127.0.0.1:")
    assert document["checks"][0]["names"] == {"addresses": ["127.0.0.1"]}
    assert document["names"] is True
    assert [word for word in (PASSWORD, SECRET, "424242", "west") if word in text] == []


def test_what_is_in_it() -> None:
    _, document = reported()
    assert (document["report"], document["format"], document["openwmi"]) == ("openwmi doctor", 1, "1.2.3")
    by_name = {each["check"]: each for each in document["checks"]}
    assert list(by_name) == [each.name for each in CHECKS]
    assert by_name["resolver"]["facts"]["com"] == [5, 7]
    assert by_name["levels"]["facts"]["CONNECT"] == "E_ACCESSDENIED (0x80070005)"
    assert by_name["statuses"]["facts"]["get_no_class"] == "WBEM_E_NOT_FOUND (0x80041002)"
    assert by_name["interfaces"]["facts"]["IWbemLoginClientID"] is True
    assert by_name["smartenum"]["facts"]["smart"]["octets"] > 1000
    assert by_name["login"]["milliseconds"] > 0
    assert "milliseconds" not in by_name["callbacks"]


def test_a_failure_is_in_it_by_status_and_layer() -> None:
    _, document = reported(password="wrong")
    login = next(each for each in document["checks"] if each["check"] == "login")
    assert (login["status"], login["code"], login["layer"]) == ("failed", "E_ACCESSDENIED (0x80070005)", "login")
    assert set(login) == {"check", "status", "milliseconds", "code", "layer"}


def test_a_fact_that_is_a_text_is_a_bug() -> None:
    finding = Finding("x", Status.OK, "", facts={"name": "srv1"})  # type: ignore[dict-item]  # which is the point
    with served() as server, pytest.raises(AssertionError):
        report_of(visit_to(server), [finding], version="1")
