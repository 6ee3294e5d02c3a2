"""IWbemLocator: the way to a namespace, and what becomes of one that is not there."""

from openwmi.wbemcli import IWbemLocator, IWbemStatusCodeText


def main() -> None:
    locator, texts = IWbemLocator(), IWbemStatusCodeText()
    for resource in (r"root\cimv2", "//./root/cimv2", r"root\none"):
        hr, services = locator.ConnectServer(resource, strLocale="MS_409")
        print(f"{resource}: 0x{hr:08X} {(texts.GetErrorCodeText(hr)[1] or '').strip()}")
        assert (services is None) == (hr != 0)


if __name__ == "__main__":
    main()
