"""`openwmi wsd host scanner`: whatever is asked wrongly, and a scanner on the loopback."""

from __future__ import annotations

import asyncio
import builtins
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from tests.cli.fakes import Command

from openwmi.soap.markup import Element
from openwmi.soap.namespaces import SCAN
from openwmi.wsd import Endpoint


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ((), "Missing option '--images'"),
        (("--images", "gone"), "does not exist"),
        (("--images", __file__), "is a file"),
        (("--images", ".", "--listen", "nowhere:port"), "nowhere:port"),
        (("--images", ".", "--name", "a\nb"), "cannot be the name of a scanner"),
        (("--images", ".", "--resolution", "49"), "it has to be 50 to 2400"),
        (("--images", ".", "--resolution", "many"), "is not a valid integer"),
    ],
)
def test_wrong_usage(openwmi: Command, arguments: tuple[str, ...], why: str) -> None:
    status, out, err = openwmi("wsd", "host", "scanner", *arguments)
    assert (status, out) == (2, "")
    assert why in " ".join(err.split())


def test_without_pillow(openwmi: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(builtins, "__import__", without("PIL"))
    status, out, err = openwmi("wsd", "host", "scanner", "--images", ".")
    assert (status, out) == (1, "")
    assert "a scanner needs Pillow, which is not here: pip install 'openwmi[scanner]'" in err
    assert err.count("\n") == 1


def test_a_fault_of_ours_is_not_hidden(openwmi: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(builtins, "__import__", without("openwmi.wsd.scanner.x"))
    with pytest.raises(ImportError):
        openwmi("wsd", "host", "scanner", "--images", ".")


def without(missing: str) -> Any:
    real = builtins.__import__

    def imported(name: str, *rest: Any, **more: Any) -> Any:
        if name == "openwmi.wsd.scanner":
            raise ModuleNotFoundError(f"No module named {missing!r}", name=missing)
        return real(name, *rest, **more)

    return imported


def test_a_scanner(openwmi: Command, tmp_path: Path) -> None:
    Image.new("RGB", (30, 20), "red").save(tmp_path / "1.png")
    command = [sys.executable, "-m", "openwmi", "wsd", "host", "scanner"]
    options = ["--listen", "127.0.0.1:0", "--images", str(tmp_path), "--name", "Copy room", "--resolution", "100"]
    with subprocess.Popen(
        [*command, *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"STATE_DIRECTORY": str(tmp_path)},
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stderr is not None
            where, url = process.stdout.readline().strip(), process.stdout.readline().strip()
            assert re.fullmatch(r"127\.0\.0\.1:\d+", where)
            urn = process.stderr.readline().removeprefix("this scanner can be found as Copy room, ").strip()
            device = f"http://{where}/{urn.removeprefix('urn:uuid:')}"
            assert url.startswith(f"{device}/")
            said = json.loads(openwmi("wsd", "metadata", device).out)
            assert (said["Address"], said["FriendlyName"], said["ServiceAddresses"]) == (urn, "Copy room", [url])
            assert asyncio.run(largest_resolution(url)) == "100"
            process.send_signal(signal.SIGTERM)
            assert process.communicate(timeout=30) == ("", "")
            assert process.returncode == 0
        finally:
            if process.poll() is None:
                process.kill()


async def largest_resolution(url: str) -> str | None:
    endpoint = Endpoint(url)
    body = (
        f'<s:GetScannerElementsRequest xmlns:s="{SCAN}"><s:RequestedElements>'
        "<s:Name>s:ScannerConfiguration</s:Name></s:RequestedElements></s:GetScannerElementsRequest>"
    )
    try:
        answer: Element | None = (await endpoint.two_way(f"{SCAN}/GetScannerElements", body.encode())).message.body
    finally:
        await endpoint.aclose()
    assert answer is not None
    (widths,) = answer.iter(f"{{{SCAN}}}Widths")
    return widths[-1].text
