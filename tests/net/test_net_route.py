"""The address from which another machine is reached."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from openwmi.base.error import Unreachable
from openwmi.net import route
from openwmi.net.http import format_url, parse_url
from openwmi.net.route import own_address


async def test_towards_this_machine_it_is_the_loopback() -> None:
    assert await own_address("127.0.0.1", 80) == "127.0.0.1"


async def test_of_a_name_it_is_towards_its_first_address_to_which_there_is_a_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def found(host: str, timeout: float) -> tuple[str, ...]:
        return ("255.255.255.255", "127.0.0.2") if host == "box" else ()

    monkeypatch.setattr(route, "look_up", found)
    assert await own_address("box", 80) == "127.0.0.1"
    with pytest.raises(Unreachable, match="other"):
        await own_address("other", 80)


async def test_an_address_of_one_link_has_its_scope(monkeypatch: pytest.MonkeyPatch) -> None:
    class Socket(socket.socket):
        def connect(self, address: Any) -> None:
            assert address == ("fe80::2%eth0", 80)

        def getsockname(self) -> Any:
            return ("fe80::1", 4711, 0, 2)

    monkeypatch.setattr(socket, "socket", Socket)
    assert await own_address("fe80::2%eth0", 80) == "fe80::1%2"


async def test_where_there_is_no_way() -> None:
    with pytest.raises(Unreachable):
        await own_address("255.255.255.255", 80)


@pytest.mark.parametrize("url", ["http://box:80/a?b", "https://192.0.2.1:443/", "http://[fe80::1%25eth0]:5357/x"])
def test_an_address_of_http_comes_back(url: str) -> None:
    assert format_url(parse_url(url)) == url
