"""Microsoft's FileServiceSecure as a Windows program uses it: Begin and End of the generated module, over real messages
on the loopback; callbacks, handles, attachments, and threads and event loops that all share one proxy.
"""

from __future__ import annotations

import asyncio
import random
import select
import threading
import uuid
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
from tests.wsd.contracts import generated, sample
from tests.wsd.test_wsd_wsdl_samples import PICTURE, Files

from openwmi.blocking.runner import runner
from openwmi.net import Address
from openwmi.wsd import Endpoint, Host, load_wsdl, this_computer
from openwmi.wsdclient import (
    E_ABORT,
    E_FAIL,
    S_FALSE,
    S_OK,
    IWSDAsyncCallback,
    IWSDAsyncResult,
    IWSDEndpointProxy,
    IWSDInboundAttachment,
)

THREADS, TIMES = 6, 12


@pytest.fixture(scope="module")
def module(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    return generated(load_wsdl(sample("FileServiceSecure.wsdl")), tmp_path_factory.mktemp("files"), "openwmi_files_com")


@pytest.fixture(scope="module")
def proxy(module: Any) -> Iterator[Any]:
    class Service(Files, module.FileServiceSecureService):  # type: ignore[misc]  # it is made at run time
        def __init__(self) -> None:
            Files.__init__(self, module)
            module.FileServiceSecureService.__init__(self, "urn:files")

    async def start() -> tuple[Host, Endpoint]:
        address = uuid.uuid4().urn
        metadata, service = this_computer("files").metadata(address), Service()
        listen = Address("127.0.0.1", 0)
        host = Host(address, metadata, instance=1, listen=listen, interfaces=("lo",), services=[service])
        await host.start()
        return host, Endpoint(host.url(service))

    async def stop() -> None:
        await endpoint.aclose()
        await host.stop()

    host, endpoint = runner().run(start)
    yield module.CFileServiceSecureProxy(IWSDEndpointProxy(endpoint))
    runner().run(stop)


def test_end_is_called_in_the_callback(proxy: Any) -> None:
    heard, ended = threading.Event(), []

    class Listed(IWSDAsyncCallback):
        def AsyncOperationComplete(self, pAsyncResult: IWSDAsyncResult, pAsyncState: Any) -> int:
            ended.append((pAsyncState, *proxy.EndGetFileList(pAsyncResult)))
            heard.set()
            return S_OK

    assert proxy.BeginGetFileList("state", Listed())[0] == S_OK
    assert heard.wait(10)
    ((state, hr, message),) = ended
    assert (state, hr, message.FileList) == ("state", S_OK, ("a.txt", "b.png"))


def test_a_file_is_waited_for_by_select_and_read_as_it_comes(module: Any, proxy: Any) -> None:
    hr, result = proxy.BeginGetFile(module.GetFileRequest(filePath="b.png"))
    assert hr == S_OK
    with result.wait_handle_() as handle:
        assert select.select([handle], [], [], 10)[0] == [handle]
    hr, message = proxy.EndGetFile(result)
    assert hr == S_OK
    came, octets = IWSDInboundAttachment(message.Attachment), b""
    while (read := came.Read(1000))[0] == S_OK:
        octets += read[1] or b""
    assert (octets, read[0]) == (PICTURE, S_FALSE)


def test_a_fault_is_of_its_call(module: Any, proxy: Any) -> None:
    _, result = proxy.BeginGetFile(module.GetFileRequest(filePath="nothing"))
    with result.wait_handle_() as handle:
        assert handle.wait(10)
    assert proxy.EndGetFile(result) == (E_FAIL, None)
    assert result.fault_.subcode.local == "NoSuchFile"
    assert proxy.GetEndpointProxy().GetFaultInfo() == (S_OK, result.fault_)


def test_threads_and_event_loops_share_a_proxy(proxy: Any) -> None:
    ends: list[int] = []

    def use(chance: random.Random) -> None:
        for _ in range(TIMES):
            _, result = proxy.BeginGetFileList()
            if chance.random() < 0.3:
                result.Abort()
            if chance.random() < 0.5:
                hr, _ = asyncio.run(_awaited(result))
            else:
                with result.wait_handle_() as handle:
                    assert select.select([handle], [], [], 10)[0] == [handle]
                hr, _ = result.GetEvent()
            ends.append(hr)

    threads = [threading.Thread(target=use, args=(random.Random(seed),)) for seed in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(ends) == THREADS * TIMES
    assert set(ends) == {S_OK, E_ABORT}


async def _awaited(result: IWSDAsyncResult) -> Any:
    return await result
