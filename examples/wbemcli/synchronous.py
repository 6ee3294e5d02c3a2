"""IWbemServices, synchronously: a class and an instance are put, changed by a query's result, and deleted."""

from openwmi.wbemcli import CIM_STRING, CIM_UINT32, WBEM_INFINITE, IWbemClassObject, IWbemLocator, IWbemServices


def lamps(services: IWbemServices) -> IWbemClassObject:
    """The class Demo_Lamp, which is made."""
    _, lamp, _ = services.GetObject("")  # an empty class
    assert lamp is not None
    lamp.Put("__CLASS", 0, "Demo_Lamp", CIM_STRING)
    lamp.Put("Room", 0, None, CIM_STRING)
    lamp.Put("Watts", 0, 5, CIM_UINT32)
    _, qualifiers = lamp.GetPropertyQualifierSet("Room")
    assert qualifiers is not None
    qualifiers.Put("key", True)
    hr, _ = services.PutClass(lamp)
    print(f"PutClass: 0x{hr:08X}")
    _, stored, _ = services.GetObject("Demo_Lamp")
    assert stored is not None
    return stored


def main() -> None:
    _, services = IWbemLocator(providers=[]).ConnectServer(r"root\cimv2")  # a repository in memory, of our own
    assert services is not None
    for room in ("Hall", "Cellar"):
        _, lamp = lamps(services).SpawnInstance()
        assert lamp is not None
        lamp.Put("Room", 0, room)
        services.PutInstance(lamp)
    hr, rows = services.ExecQuery("WQL", "SELECT * FROM Demo_Lamp WHERE Room = 'Cellar'")
    assert rows is not None, f"0x{hr:08X}"
    hr, (lamp,), _ = rows.Next(WBEM_INFINITE, 1)
    lamp.Put("Watts", 0, 7)
    services.PutInstance(lamp)
    _, again, _ = services.GetObject("Demo_Lamp.Room='cellar'")
    assert again is not None
    print(f"Watts: {again.Get('Watts')[1]}")
    cellar = "Demo_Lamp.Room='Cellar'"
    print(f"DeleteInstance: 0x{services.DeleteInstance(cellar)[0]:08X}")
    print(f"GetObject: 0x{services.GetObject(cellar)[0]:08X}")
    print(f"DeleteClass: 0x{services.DeleteClass('Demo_Lamp')[0]:08X}")


if __name__ == "__main__":
    main()
