"""MOF from files: what is a file, how much of it is read, and in which encoding."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from openwmi.base.error import WbemError
from openwmi.base.status import MofStatus, WbemStatus
from openwmi.session import moffile
from openwmi.session.moffile import decode_mof, read_mof


def test_a_text_is_taken_as_it_is() -> None:
    assert read_mof("class A {};").text == "class A {};"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "a.mof"
    file.write_bytes("class Été {};".encode(encoding))
    read = read_mof(file)
    assert (read.text, read.name) == ("class Été {};", str(file))
    assert decode_mof(file.read_bytes()) == read.text


def test_an_include_is_relative_to_the_file_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts/b.mof").write_text("class B {};", encoding="utf-8")
    (tmp_path / "a.mof").write_text("class A {};", encoding="utf-8")
    include = read_mof(tmp_path / "a.mof").include
    assert include is not None
    assert include("parts\\b.mof", str(tmp_path / "a.mof")) == (str(tmp_path / "parts/b.mof"), "class B {};")


@pytest.mark.parametrize("kind", ["a device", "a pipe"])
def test_what_has_no_end_is_not_read(tmp_path: Path, kind: str) -> None:
    endless = Path("/dev/zero")
    if kind == "a pipe":
        if not hasattr(os, "mkfifo"):
            pytest.skip("this system has no pipes among its files")
        endless = tmp_path / "pipe"
        os.mkfifo(endless)
    elif not endless.exists():
        pytest.skip("this system has no /dev/zero")
    with pytest.raises(WbemError, match="is no regular file") as caught:
        read_mof(endless)
    assert caught.value.status == MofStatus.INVALID_FILE
    (tmp_path / "a.mof").write_text("class A {};", encoding="utf-8")
    include = read_mof(tmp_path / "a.mof").include
    assert include is not None
    with pytest.raises(WbemError, match="is no regular file"):
        include(str(endless), str(tmp_path / "a.mof"))


def test_all_files_of_a_compilation_have_a_limit_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a.mof"
    file.write_text("class A {};", encoding="utf-8")
    monkeypatch.setattr(moffile, "MOF_TEXT_OCTETS", 2 * 11)
    include = read_mof(file).include
    assert include is not None
    assert include("a.mof", str(file))[1] == "class A {};"
    with pytest.raises(WbemError, match="22 octets at most") as caught:
        include("a.mof", str(file))
    assert caught.value.status == WbemStatus.QUOTA_VIOLATION
    monkeypatch.setattr(moffile, "MOF_TEXT_OCTETS", 10)
    with pytest.raises(WbemError, match="10 octets at most"):
        read_mof(file)


def test_what_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "a.mof").write_bytes(b"class \xff")
    for missing in (tmp_path, tmp_path / "none.mof", tmp_path / "a.mof"):
        with pytest.raises(WbemError) as caught:
            read_mof(missing)
        assert caught.value.status == MofStatus.INVALID_FILE
