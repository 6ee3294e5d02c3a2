"""IWbemServices, semisynchronously: a query that has begun is read some objects at a time, with a time-out."""

from openwmi.wbemcli import (
    WBEM_FLAG_FORWARD_ONLY,
    WBEM_FLAG_RETURN_IMMEDIATELY,
    WBEM_S_FALSE,
    WBEM_S_NO_ERROR,
    WBEM_S_TIMEDOUT,
    IWbemLocator,
)


def main() -> None:
    _, services = IWbemLocator().ConnectServer(r"root\cimv2")
    assert services is not None
    flags = WBEM_FLAG_RETURN_IMMEDIATELY | WBEM_FLAG_FORWARD_ONLY
    hr, rows = services.ExecQuery("WQL", "SELECT Name, Handle FROM Win32_Process", flags)
    assert rows is not None, f"0x{hr:08X}"
    processes = []
    while hr in (WBEM_S_NO_ERROR, WBEM_S_TIMEDOUT):
        hr, objects, _ = rows.Next(100, 10)  # 100 ms; what came in them is never lost
        processes += [each.Get("Name")[1] for each in objects]
    assert hr == WBEM_S_FALSE, f"0x{hr:08X}"
    print(f"{len(processes)} processes, the first {processes[0]}")
    rows.Release()


if __name__ == "__main__":
    main()
