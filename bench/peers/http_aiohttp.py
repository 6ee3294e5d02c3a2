"""Posts to an echo of aiohttp's own server, in the same process, over a connection that is kept. Lines of JSON.

`{"octets": "…", "times": 1000, "together": 1}` is answered by `{"seconds": 0.5}`: for so many requests, so many of them
at once.
"""

import asyncio
import json
import sys
from importlib import import_module
from time import perf_counter
from typing import Any

aiohttp: Any = import_module("aiohttp")
web: Any = import_module("aiohttp.web")


async def echo(request: Any) -> Any:
    """The bare minimum."""
    return web.Response(body=await request.read())


async def main() -> None:
    application = web.Application()
    application.router.add_post("/echo", echo)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    url = f"{site.name.rpartition(':')[0]}:{runner.addresses[0][1]}/echo"
    async with aiohttp.ClientSession() as client:
        for line in sys.stdin:
            request = json.loads(line)
            octets, together = request["octets"].encode(), request["together"]

            async def ask(octets: bytes, times: int) -> None:
                for _ in range(times):
                    async with client.post(url, data=octets) as response:
                        await response.read()

            began = perf_counter()
            await asyncio.gather(*(ask(octets, request["times"] // together) for _ in range(together)))
            print(json.dumps({"seconds": perf_counter() - began}), flush=True)


asyncio.run(main())
