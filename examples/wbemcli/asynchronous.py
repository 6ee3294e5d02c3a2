"""IWbemServices, asynchronously: objects and the final status come to an IWbemObjectSink."""

import threading
from collections.abc import Sequence

from openwmi.wbemcli import IWbemClassObject, IWbemLocator, IWbemObjectSink


class Printer(IWbemObjectSink):
    """Its methods run on a thread of its own, one at a time, and may call WMI."""

    def __init__(self) -> None:
        self.objects = 0
        self.ended = threading.Event()

    def Indicate(self, lObjectCount: int, apObjArray: Sequence[IWbemClassObject]) -> None:  # noqa: N802, N803
        self.objects += lObjectCount
        print(f"Indicate: the first of some is {apObjArray[0].Get('__RELPATH')[1]}")

    def SetStatus(  # noqa: N802
        self,
        lFlags: int,  # noqa: ARG002, N803
        hResult: int,  # noqa: N803
        strParam: str | None,  # noqa: ARG002, N803
        pObjParam: IWbemClassObject | None,  # noqa: N803
    ) -> None:
        print(f"SetStatus: 0x{hResult:08X} after {self.objects}")
        if pObjParam is not None:  # an __ExtendedStatus
            print(f"   {pObjParam.Get('Description')[1]}")
        self.ended.set()


def main() -> None:
    _, services = IWbemLocator().ConnectServer(r"root\cimv2")
    assert services is not None
    for path in ("Win32_OperatingSystem=@", "Win32_Process.Handle='none'"):
        sink = Printer()
        print(f"GetObjectAsync: 0x{services.GetObjectAsync(path, 0, None, sink):08X}")
        sink.ended.wait()


if __name__ == "__main__":
    main()
