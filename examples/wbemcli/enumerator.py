"""IEnumWbemClassObject: Next, Skip, Reset, Clone and NextAsync over one set of objects."""

import threading
from collections.abc import Sequence

from openwmi.wbemcli import (
    WBEM_FLAG_RETURN_IMMEDIATELY,
    WBEM_FLAG_SHALLOW,
    WBEM_INFINITE,
    IWbemClassObject,
    IWbemLocator,
    IWbemObjectSink,
)


class Names(IWbemObjectSink):
    """What NextAsync tells."""

    def __init__(self) -> None:
        self.ended = threading.Event()

    def Indicate(self, lObjectCount: int, apObjArray: Sequence[IWbemClassObject]) -> None:  # noqa: ARG002, N802, N803
        print(f"NextAsync: {names(apObjArray)}")

    def SetStatus(self, lFlags: int, hResult: int, strParam: str | None, pObjParam: object) -> None:  # noqa: ARG002, N802, N803
        print(f"SetStatus: 0x{hResult:08X}")
        self.ended.set()


def names(classes: Sequence[IWbemClassObject]) -> str:
    return " ".join(str(each.Get("__CLASS")[1]) for each in classes)


def main() -> None:
    _, services = IWbemLocator(providers=[]).ConnectServer(r"root\cimv2")
    assert services is not None
    flags = WBEM_FLAG_RETURN_IMMEDIATELY | WBEM_FLAG_SHALLOW
    hr, each = services.CreateClassEnum("__Event", flags)
    assert each is not None, f"0x{hr:08X}"
    hr, objects, returned = each.Next(WBEM_INFINITE, 2)
    print(f"Next: 0x{hr:08X}, {returned}: {names(objects)}")
    _, clone = each.Clone()  # the same objects, a place of its own
    assert clone is not None
    print(f"Skip: 0x{each.Skip(WBEM_INFINITE, 1000):08X}, these were the last")
    print(f"Reset: 0x{each.Reset():08X}, and again {names(each.Next(0, 1)[1])}")
    sink = Names()
    print(f"NextAsync: 0x{clone.NextAsync(1, sink):08X}")
    sink.ended.wait()


if __name__ == "__main__":
    main()
