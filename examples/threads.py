"""Without asyncio: threads that ask and wait, and a call that was begun before them and is read from behind them."""

from concurrent.futures import ThreadPoolExecutor

import openwmi

ASKED = ["Win32_OperatingSystem=@", 'Win32_Process.Handle="1"', "Win32_Process"]


def main() -> None:
    with openwmi.blocking.connect("root/cimv2") as ns:
        processes = ns.begin.query("SELECT Name, ProcessId, ThreadCount FROM Win32_Process")  # it runs already
        with ThreadPoolExecutor(len(ASKED)) as pool:
            for path, found in zip(ASKED, pool.map(ns.get, ASKED), strict=True):
                print(f"{path}: {found!r}")
        first = processes.next(3, timeout=0.5)  # what there is by then; nothing is lost if it is less
        print(f"{len(first)} processes so far")
        busiest = max([*first, *processes], key=lambda process: process.ThreadCount or 0)
        print(f"most threads: {busiest.ThreadCount} of {busiest.Name}")


if __name__ == "__main__":
    main()
