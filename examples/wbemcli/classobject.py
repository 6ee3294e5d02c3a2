"""IWbemClassObject and IWbemQualifierSet: properties, qualifiers and methods of a class; an instance of it; as text."""

from openwmi.wbemcli import CIM_STRING, CIM_UINT64, VT_BSTR, WBEM_FLAG_NONSYSTEM_ONLY, IWbemLocator, to_variant


def main() -> None:
    _, services = IWbemLocator(providers=[]).ConnectServer(r"root\cimv2")
    assert services is not None
    _, disk, _ = services.GetObject("")
    assert disk is not None
    disk.Put("__CLASS", 0, "Demo_Disk", CIM_STRING)
    disk.Put("Name", 0, None, CIM_STRING)
    disk.Put("Size", 0, None, CIM_UINT64)

    _, qualifiers = disk.GetPropertyQualifierSet("Name")
    assert qualifiers is not None
    qualifiers.Put("key", True)
    _, qualifiers = disk.GetPropertyQualifierSet("Size")
    assert qualifiers is not None
    qualifiers.Put("units", "bytes")
    print(f"qualifiers of Size: {qualifiers.GetNames()[1]}, units: {qualifiers.Get('units')[1]}")

    services.PutClass(disk)
    _, stored, _ = services.GetObject("Demo_Disk")
    assert stored is not None
    _, one = stored.SpawnInstance()
    assert one is not None
    one.Put("Name", 0, "C:")
    one.Put("Size", 0, 4000787030016)  # VARIANT(VT_BSTR, "4000787030016"), as C++ has it, does as well
    one.BeginEnumeration(WBEM_FLAG_NONSYSTEM_ONLY)
    hr, name, value, cim, flavor = one.Next()
    while hr == 0:
        print(f"{name} = {value!r}, CIMTYPE {cim}, flavor {flavor}")
        hr, name, value, cim, flavor = one.Next()
    one.EndEnumeration()
    _, value, cim, _ = one.Get("Size")
    variant = to_variant(value, cim)
    print(f"Size: {'VT_BSTR' if variant.vt == VT_BSTR else variant.vt} {variant.value!r}")
    print(one.GetObjectText()[1])


if __name__ == "__main__":
    main()
