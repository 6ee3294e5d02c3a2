"""IWbemCallResult: the four getters, each of the call that it is for."""

from openwmi.wbemcli import (
    OUT,
    WBEM_FLAG_RETURN_IMMEDIATELY,
    WBEM_INFINITE,
    WBEM_S_TIMEDOUT,
    IWbemLocator,
)

NOW = WBEM_FLAG_RETURN_IMMEDIATELY


def main() -> None:
    _, services = IWbemLocator(providers=[]).ConnectServer("root")  # a repository in memory, of our own
    assert services is not None

    _, _, call = services.GetObject("__NAMESPACE", NOW, None, None, OUT)
    assert call is not None
    hr, status = call.GetCallStatus(0)
    while hr == WBEM_S_TIMEDOUT:  # between two looks a user interface draws itself
        hr, status = call.GetCallStatus(50)
    print(f"GetCallStatus: 0x{hr:08X}, plStatus 0x{status:08X}")
    _, namespaces = call.GetResultObject(WBEM_INFINITE)
    assert namespaces is not None
    print(f"GetResultObject: {namespaces.Get('__CLASS')[1]}")

    _, made = namespaces.SpawnInstance()
    assert made is not None
    made.Put("Name", 0, "Demo")
    _, call = services.PutInstance(made, NOW, None, OUT)
    assert call is not None
    print(f"GetResultString: {call.GetResultString(WBEM_INFINITE)[1]}")

    _, _, call = services.OpenNamespace("Demo", NOW, None, None, OUT)
    assert call is not None
    hr, below = call.GetResultServices(WBEM_INFINITE)
    print(f"GetResultServices: 0x{hr:08X}, {type(below).__name__}")

    # A call that fails: its status is not that of the getter.
    _, _, call = services.GetObject("Demo_None", NOW, None, None, OUT)
    assert call is not None
    hr, status = call.GetCallStatus(WBEM_INFINITE)
    print(f"GetCallStatus: 0x{hr:08X}, plStatus 0x{status:08X}; GetResultObject: 0x{call.GetResultObject(0)[0]:08X}")


if __name__ == "__main__":
    main()
