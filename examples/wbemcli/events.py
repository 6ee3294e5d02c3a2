"""Events: ExecNotificationQuery and its asynchronous kind; QueryObjectSink, which sends some; CancelAsyncCall."""

import threading
from collections.abc import Sequence

from openwmi.wbemcli import (
    CIM_STRING,
    WBEM_FLAG_FORWARD_ONLY,
    WBEM_FLAG_RETURN_IMMEDIATELY,
    IWbemClassObject,
    IWbemLocator,
    IWbemObjectSink,
    IWbemServices,
)

RINGS = "SELECT * FROM Demo_Bell"


class Bell(IWbemObjectSink):
    """Hears it ring, and the end."""

    def __init__(self) -> None:
        self.rang, self.ended = threading.Event(), threading.Event()

    def Indicate(self, lObjectCount: int, apObjArray: Sequence[IWbemClassObject]) -> None:  # noqa: ARG002, N802, N803
        print(f"Indicate: {apObjArray[0].Get('Who')[1]} rang")
        self.rang.set()

    def SetStatus(self, lFlags: int, hResult: int, strParam: str | None, pObjParam: object) -> None:  # noqa: ARG002, N802, N803
        print(f"SetStatus: 0x{hResult:08X}")
        self.ended.set()


def ring(services: IWbemServices) -> IWbemClassObject:
    """An event, of a class that is made."""
    _, extrinsic, _ = services.GetObject("__ExtrinsicEvent")
    assert extrinsic is not None
    _, bell = extrinsic.SpawnDerivedClass()
    assert bell is not None
    bell.Put("__CLASS", 0, "Demo_Bell", CIM_STRING)
    bell.Put("Who", 0, None, CIM_STRING)
    services.PutClass(bell)
    _, stored, _ = services.GetObject("Demo_Bell")
    assert stored is not None
    _, event = stored.SpawnInstance()
    assert event is not None
    event.Put("Who", 0, "the postman")
    return event


def main() -> None:
    _, services = IWbemLocator(providers=[]).ConnectServer(r"root\cimv2")
    assert services is not None
    event, bell = ring(services), Bell()
    flags = WBEM_FLAG_RETURN_IMMEDIATELY | WBEM_FLAG_FORWARD_ONLY  # events never end: there is no synchronous kind
    hr, rings = services.ExecNotificationQuery("WQL", RINGS, flags)
    assert rings is not None, f"0x{hr:08X}"
    print(f"ExecNotificationQueryAsync: 0x{services.ExecNotificationQueryAsync('WQL', RINGS, 0, None, bell):08X}")
    _, door = services.QueryObjectSink()
    assert door is not None
    print(f"QueryObjectSink, Indicate: 0x{door.Indicate(1, [event]):08X}")
    hr, (heard,), _ = rings.Next(5000, 1)
    print(f"Next: 0x{hr:08X}, {heard.Get('Who')[1]}")
    bell.rang.wait()
    print(f"CancelAsyncCall: 0x{services.CancelAsyncCall(bell):08X}")
    bell.ended.wait()
    rings.Release()


if __name__ == "__main__":
    main()
