"""IWbemPath: an object path, taken apart and put together."""

from openwmi.wbemcli import (
    WBEMPATH_CREATE_ACCEPT_ALL,
    WBEMPATH_GET_RELATIVE_ONLY,
    WBEMPATH_GET_SERVER_TOO,
    IWbemPath,
)


def main() -> None:
    path = IWbemPath()
    path.SetText(WBEMPATH_CREATE_ACCEPT_ALL, r'\\server\root\cimv2:Win32_Process.Handle="4"')
    print(path.GetServer()[2], path.GetNamespaceCount()[1], path.GetNamespaceAt(1)[2], path.GetClassName()[2])
    path.SetServer("other")
    path.RemoveNamespaceAt(1)
    path.SetNamespaceAt(1, "demo")  # what was there moves on
    print(path.GetText(WBEMPATH_GET_SERVER_TOO)[2])
    print(path.GetText(WBEMPATH_GET_RELATIVE_ONLY)[2])


if __name__ == "__main__":
    main()
