"""Where the user's repository is, unless somebody says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from openwmi.repository import default_repository


def test_who_names_it_has_it_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENWMI_REPOSITORY", "some/where.db")
    monkeypatch.setenv("STATE_DIRECTORY", "/var/lib/openwmi")
    assert default_repository() == Path("some/where.db")


def test_a_service_has_it_in_its_first_state_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENWMI_REPOSITORY")
    monkeypatch.setenv("STATE_DIRECTORY", "/var/lib/openwmi:/var/lib/other")
    assert default_repository() == Path("/var/lib/openwmi/repository.db")


def test_else_it_is_among_the_user_s_data(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("OPENWMI_REPOSITORY")
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert default_repository().is_relative_to(tmp_path)
    assert default_repository().name == "repository.db"
