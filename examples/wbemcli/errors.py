"""What went wrong: IWbemStatusCodeText, and GetErrorInfo with the __ExtendedStatus of this thread's last failure."""

from openwmi.wbemcli import GetErrorInfo, IWbemClassObject, IWbemLocator, IWbemStatusCodeText


def main() -> None:
    _, services = IWbemLocator(providers=[]).ConnectServer(r"root\cimv2")
    assert services is not None
    hr, rows = services.ExecQuery("WQL", "SELECT * FROM")
    assert rows is None
    texts = IWbemStatusCodeText()
    print(f"0x{hr:08X}: {(texts.GetErrorCodeText(hr)[1] or '').strip()} ({texts.GetFacilityCodeText(hr)[1]})")
    _, error = GetErrorInfo()
    assert error is not None
    _, status = error.QueryInterface(IWbemClassObject)
    assert status is not None
    for name in ("Operation", "ParameterInfo", "Description"):
        print(f"{name}: {status.Get(name)[1]}")
    print(f"a second time: 0x{GetErrorInfo()[0]:08X}")  # S_FALSE


if __name__ == "__main__":
    main()
