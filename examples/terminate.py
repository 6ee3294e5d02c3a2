"""Methods: starts a process, asks who owns it, and ends it."""

import asyncio

import openwmi


async def main() -> None:
    async with openwmi.connect("root/cimv2") as ns:
        started = await ns.call("Win32_Process", "Create", CommandLine="sleep 60")
        if started.ReturnValue != 0:  # a value, no error: what it means is told by the class
            print(f"Create returned {started.ReturnValue}")
            return
        path = f'Win32_Process.Handle="{started.ProcessId}"'
        print(f"started {path}")

        process = await ns.get(path)
        print(f"it runs {process.CommandLine!r} since {process.CreationDate.isoformat()}")

        owner = await ns.call(path, "GetOwner")
        print(f"it belongs to {owner.Domain}\\{owner.User}")

        ended = await ns.call(path, "Terminate", Reason=0)
        print(f"Terminate returned {ended.ReturnValue}")


if __name__ == "__main__":
    asyncio.run(main())
