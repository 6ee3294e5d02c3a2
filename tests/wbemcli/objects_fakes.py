"""Classes and instances for the tests of the object faces: pumps, and what they are derived from."""

from openwmi.model import (
    CimClass,
    CimInstance,
    CimType,
    Flavor,
    Method,
    Parameter,
    Property,
    Qualifier,
    Type,
    qualifier_set,
)

TO_INSTANCE, TO_CLASS, FIXED = (
    Flavor.PROPAGATE_TO_INSTANCE,
    Flavor.PROPAGATE_TO_DERIVED_CLASS,
    Flavor.NOT_OVERRIDABLE,
)


def typed(cim: CimType, *, array: bool = False, class_name: str | None = None) -> Type:
    return Type(cim, array, class_name)


KEY = Qualifier("Key", flavor=TO_INSTANCE | TO_CLASS | FIXED)

DEVICE = CimClass(
    "Acme_Device",
    namespace=r"root\acme",
    server="VALVE",
    qualifiers=qualifier_set(
        Qualifier("Vendor", "Acme", typed(CimType.STRING), TO_INSTANCE | TO_CLASS),
        Qualifier("Local", 1, typed(CimType.SINT32)),
    ),
    properties=(
        Property("Id", typed(CimType.STRING), qualifiers=qualifier_set(KEY)),
        Property(
            "Note",
            typed(CimType.STRING),
            "none",
            qualifier_set(
                Qualifier("Unit", "text", typed(CimType.STRING), TO_INSTANCE | TO_CLASS),
                Qualifier("Fixed", "yes", typed(CimType.STRING), TO_CLASS | FIXED),
            ),
        ),
        Property("Count", typed(CimType.UINT32), 5),
    ),
    methods=(Method("Reset", (), typed(CimType.UINT32), qualifier_set(Qualifier("Implemented"))),),
)

PUMP = DEVICE.derive(
    "Acme_Pump",
    properties=(
        Property("Note", typed(CimType.STRING), "a pump"),
        *(Property(cim.name.title(), typed(cim)) for cim in CimType),
        Property("Numbers", typed(CimType.UINT32, array=True)),
        Property("Texts", typed(CimType.STRING, array=True)),
        Property("Objects", typed(CimType.OBJECT, array=True)),
        Property("Twin", typed(CimType.REFERENCE, class_name="Acme_Pump")),
    ),
    methods=(
        Method(
            "Set",
            (
                Parameter("Speed", typed(CimType.UINT32), is_in=True, id=0),
                Parameter("Mode", typed(CimType.STRING), is_in=True, is_out=True, id=1, default="slow"),
                Parameter("Before", typed(CimType.UINT32), is_out=True, id=2),
            ),
            typed(CimType.SINT32),
        ),
    ),
)


def pump(**values: object) -> CimInstance:
    return PUMP.instance({"Id": "p1", **values})
