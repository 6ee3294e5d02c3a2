"""Who a device is stays, whatever becomes of the folder in which it is kept."""

from __future__ import annotations

import json
import time
import uuid
from pathlib import Path

import pytest

from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.wsd import identity
from openwmi.wsd.identity import LARGEST_INSTANCE, held_identity, start_identity, state_folder


def test_it_stays_and_grows(tmp_path: Path) -> None:
    folder = tmp_path / "state" / "of" / "ours"
    starts = [start_identity("computer", folder) for _ in range(3)]
    assert len({each.address for each in starts}) == 1
    assert uuid.UUID(starts[0].address).version == 4
    assert starts[0].instance < starts[1].instance < starts[2].instance
    assert start_identity("scanner", folder).address != starts[0].address
    assert sorted(path.name for path in folder.iterdir()) == ["wsd-computer.json", "wsd-scanner.json"]


def test_one_process_at_a_time_has_it(tmp_path: Path) -> None:
    with held_identity("computer", tmp_path) as first:
        second = held_identity("computer", tmp_path)
        with pytest.raises(WbemError, match="another process is the computer of this machine") as caught, second:
            pass
        assert caught.value.status == WbemStatus.ALREADY_EXISTS
        with held_identity("scanner", tmp_path) as other, held_identity("computer", tmp_path / "elsewhere") as third:
            assert len({each.address for each in (first, other, third)}) == 3
    with held_identity("computer", tmp_path) as again:
        assert (again.address, again.instance > first.instance) == (first.address, True)


def test_an_error_of_the_device_is_its_own(tmp_path: Path) -> None:
    with pytest.raises(BlockingIOError), held_identity("computer", tmp_path):
        raise BlockingIOError


def test_where_nothing_can_be_locked(tmp_path: Path) -> None:
    (tmp_path / "wsd-computer.lock").symlink_to(tmp_path / "somewhere")
    with held_identity("computer", tmp_path) as first, held_identity("computer", tmp_path) as second:
        assert first.address == second.address


def test_what_was_being_written_when_it_ended_is_in_nobodys_way(tmp_path: Path) -> None:
    first = start_identity("computer", tmp_path)
    (tmp_path / "wsd-computer.json.new").write_text('{"uu')
    assert start_identity("computer", tmp_path).address == first.address
    assert [path.name for path in tmp_path.iterdir()] == ["wsd-computer.json"]


def test_two_machines_are_two(tmp_path: Path) -> None:
    """Even copies of one."""
    assert start_identity("computer", tmp_path / "a").address != start_identity("computer", tmp_path / "b").address


def test_the_clock_may_be_set_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = start_identity("computer", tmp_path)
    monkeypatch.setattr(time, "time", lambda: 5.0)
    assert start_identity("computer", tmp_path).instance == before.instance + 1


def test_the_largest_number(tmp_path: Path) -> None:
    kept = {"uuid": str(uuid.UUID(int=7)), "instance": LARGEST_INSTANCE}
    (tmp_path / "wsd-computer.json").write_text(json.dumps(kept))
    assert start_identity("computer", tmp_path).instance == LARGEST_INSTANCE


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "{}", '{"uuid": 5}', '{"uuid": "x", "instance": 1}', '{"instance": 1}', "[" * 10_000, "\xff"],
)
def test_what_cannot_be_read_is_written_anew(tmp_path: Path, text: str, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "wsd-computer.json").write_text(text, encoding="latin-1")
    first = start_identity("computer", tmp_path)
    assert "cannot be read" in caplog.text
    assert start_identity("computer", tmp_path).address == first.address


def test_where_nothing_can_be_written(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """It is the same each time all the same, where the machine has a number."""
    folder = tmp_path / "file"
    folder.write_text("in the way")
    starts = {start_identity("computer", folder / "below").address for _ in range(2)}
    assert "cannot be kept" in caplog.text
    machine = any(Path(path).is_file() for path in identity.MACHINE_IDS)
    assert len(starts) == 1 or not machine


def test_a_machine_without_a_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity, "MACHINE_IDS", (str(tmp_path / "none"),))
    (tmp_path / "file").write_text("in the way")
    assert start_identity("computer", tmp_path / "file").address.startswith("urn:uuid:")


def test_a_known_identity_whose_folder_is_read_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = start_identity("computer", tmp_path)

    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(identity, "_write", refuse)
    assert start_identity("computer", tmp_path).address == first.address


def test_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", f"{tmp_path}:/other")
    assert state_folder() == tmp_path
    monkeypatch.delenv("STATE_DIRECTORY")
    assert state_folder().name == "openwmi"
