"""IWbemContext: what is said by name to those who carry a call out; here, that only one property is to be written."""

from openwmi.wbemcli import CIM_STRING, CIM_UINT32, WBEM_FLAG_UPDATE_ONLY, IWbemContext, IWbemLocator


def main() -> None:
    _, services = IWbemLocator(providers=[]).ConnectServer(r"root\cimv2")
    assert services is not None
    _, lamp, _ = services.GetObject("")
    assert lamp is not None
    lamp.Put("__CLASS", 0, "Demo_Lamp", CIM_STRING)
    for name, cim in (("Room", CIM_STRING), ("Watts", CIM_UINT32), ("Colour", CIM_STRING)):
        lamp.Put(name, 0, None, cim)
    _, qualifiers = lamp.GetPropertyQualifierSet("Room")
    assert qualifiers is not None
    qualifiers.Put("key", True)
    services.PutClass(lamp)
    _, stored, _ = services.GetObject("Demo_Lamp")
    assert stored is not None
    _, one = stored.SpawnInstance()
    assert one is not None
    for name, value in (("Room", "Hall"), ("Watts", 5), ("Colour", "red")):
        one.Put(name, 0, value)
    services.PutInstance(one)

    one.Put("Watts", 0, 7)
    one.Put("Colour", 0, "green")
    context = IWbemContext()
    context.SetValue("__PUT_EXTENSIONS", 0, True)
    context.SetValue("__PUT_EXT_CLIENT_REQUEST", 0, True)
    context.SetValue("__PUT_EXT_PROPERTIES", 0, ["Watts"])
    print(context.GetNames()[1])
    print(f"PutInstance: 0x{services.PutInstance(one, WBEM_FLAG_UPDATE_ONLY, context)[0]:08X}")
    _, again, _ = services.GetObject("Demo_Lamp.Room='Hall'")
    assert again is not None
    print(f"{again.Get('Watts')[1]} watts, {again.Get('Colour')[1]}")


if __name__ == "__main__":
    main()
