"""The system bus of this host, over dbus-fast, whose loop runs on a thread of its own.

Nothing is connected before the first call, and a connection that broke is made anew by the next. Who does not answer is
not called again before that call has ended: whoever calls is told at once. dbus-fast comes with the extra `linux`;
without it every call is a BusError that says so.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as TookTooLong
from typing import TYPE_CHECKING, Any

from openwmi.base.limits import HOST_SECONDS
from openwmi.providers.host.bus import PROPERTIES, BusError, bus_error

if TYPE_CHECKING:
    from dbus_fast.aio import MessageBus


class SystemBus:
    """See `Bus`.

    Args:
        address: of another bus, such as one that a test started; None for the system's.
        seconds: how long a call may take.
    """

    def __init__(self, address: str | None = None, seconds: float = HOST_SECONDS) -> None:
        self._address = address
        self._seconds = seconds
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._bus: MessageBus | None = None
        self._connecting = asyncio.Lock()
        self._silent: dict[str, Future[tuple[Any, ...]]] = {}  # destination -> the call that it does not answer

    def call(
        self, destination: str, path: str, interface: str, member: str, signature: str = "", *arguments: object
    ) -> tuple[Any, ...]:
        what = f"{interface}.{member} of {destination}{path}"
        silent = self._silent.get(destination)
        if silent is not None and not silent.done():
            raise bus_error("openwmi.Silent", f"{what}: it has not answered before")
        made = self._call(destination, path, interface, member, signature, list(arguments))
        pending = asyncio.run_coroutine_threadsafe(made, self._running())
        try:
            return pending.result(self._seconds)
        except TookTooLong:
            self._silent[destination] = pending
            raise bus_error("openwmi.Silent", f"{what} did not answer within {self._seconds:g} s") from None

    def properties(self, destination: str, path: str, interface: str) -> Mapping[str, Any]:
        (found,) = self.call(destination, path, PROPERTIES, "GetAll", "s", interface)
        properties: Mapping[str, Any] = found
        return properties

    def close(self) -> None:
        """Ends the connection and its thread; a later call would begin anew."""
        with self._lock:
            loop, thread, self._loop, self._thread = self._loop, self._thread, None, None
        if loop is None or thread is None:
            return
        for pending in self._silent.values():
            pending.cancel()
        asyncio.run_coroutine_threadsafe(self._disconnect(), loop).result(self._seconds)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()

    async def _disconnect(self) -> None:
        bus, self._bus = self._bus, None
        if bus is not None and bus.connected:
            bus.disconnect()
            await bus.wait_for_disconnect()  # type: ignore[no-untyped-call]  # dbus-fast does not annotate it

    def _running(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._connecting = asyncio.Lock()
                self._thread = threading.Thread(target=self._loop.run_forever, name="dbus", daemon=True)
                self._thread.start()
            return self._loop

    async def _call(
        self, destination: str, path: str, interface: str, member: str, signature: str, arguments: list[object]
    ) -> tuple[Any, ...]:
        try:
            from dbus_fast import Message, MessageType, unpack  # noqa: PLC0415 - it is an extra, and costs time
        except ImportError:
            raise BusError("openwmi.NoBus", "D-Bus needs the extra: pip install 'openwmi[linux]'") from None
        bus = await self._connected()
        message = Message(
            destination=destination, path=path, interface=interface, member=member, signature=signature, body=arguments
        )
        try:
            reply = await bus.call(message)
        except (OSError, EOFError) as error:
            self._bus = None
            raise BusError("openwmi.NoBus", str(error)) from None
        assert reply is not None
        if reply.message_type is MessageType.ERROR:
            text = str(reply.body[0]) if reply.body else ""
            raise bus_error(reply.error_name or "openwmi.NoName", text)
        return tuple(unpack.unpack_variants(reply.body))

    async def _connected(self) -> MessageBus:
        from dbus_fast import BusType  # noqa: PLC0415 - likewise
        from dbus_fast.aio import MessageBus  # noqa: PLC0415 - likewise

        async with self._connecting:
            if self._bus is None or not self._bus.connected:
                try:
                    self._bus = await MessageBus(self._address, bus_type=BusType.SYSTEM).connect()
                except Exception as error:  # noqa: BLE001 - it raises whatever a broken socket or a refusal made it raise
                    raise BusError("openwmi.NoBus", f"{type(error).__name__}: {error}") from None
            return self._bus
