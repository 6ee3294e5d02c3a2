"""pywbem compiles a MOF file into its server in memory, as a process of its own: the file, and where to write.

Prints the seconds that it took. What it then has goes to the second file, if there is one: a line of JSON for each
class, in the form that `bench.alike` says.
"""

import json
import sys
from importlib import import_module
from pathlib import Path
from time import perf_counter
from typing import Any

mock: Any = import_module("pywbem_mock")

NAMESPACE = "root/bench"


def main(file: str, written: str = "") -> None:
    began = perf_counter()
    connection = mock.FakedWBEMConnection(default_namespace=NAMESPACE)
    connection.compile_mof_file(file, namespace=NAMESPACE, search_paths=[str(Path(file).parent)], verbose=False)
    print(perf_counter() - began, flush=True)
    if written:
        # As they are stored: EnumerateClasses leaves out where a member comes from, whatever it is asked.
        classes = connection.cimrepository.get_class_store(NAMESPACE).iter_values(copy=False)
        with Path(written).open("w", encoding="utf-8") as lines:
            lines.writelines(json.dumps([class_.classname, described(class_)]) + "\n" for class_ in classes)


def described(class_: Any) -> dict[str, Any]:
    return {
        "superclass": class_.superclass,
        "qualifiers": qualifiers(class_),
        "properties": {
            member.name: {
                "type": type_of(member),
                "origin": member.class_origin,
                "default": value(member.value),
                "qualifiers": qualifiers(member),
            }
            for member in class_.properties.values()
        },
        "methods": {
            member.name: {
                "returns": member.return_type,
                "origin": member.class_origin,
                "qualifiers": qualifiers(member),
                "parameters": {
                    parameter.name: {
                        "type": type_of(parameter),
                        "directions": directions(parameter),
                        "qualifiers": qualifiers(parameter, besides=("in", "out")),
                    }
                    for parameter in member.parameters.values()
                },
            }
            for member in class_.methods.values()
        },
    }


def type_of(member: Any) -> str:
    embedded = member.qualifiers.get("EmbeddedInstance")
    if member.type == "reference":
        kind = f"ref:{member.reference_class}"
    elif embedded is not None:
        kind = f"object:{embedded.value}"
    else:
        kind = "object" if "EmbeddedObject" in member.qualifiers else member.type
    return kind + ("[]" if member.is_array else "")


def directions(parameter: Any) -> list[str]:
    """A parameter of which neither is said goes in."""
    said = {name.lower(): each.value for name, each in parameter.qualifiers.items()}
    return [name for name, there in (("in", said.get("in", not said.get("out"))), ("out", said.get("out"))) if there]


def qualifiers(owner: Any, besides: tuple[str, ...] = ()) -> dict[str, Any]:
    found = {name.lower(): value(each.value) for name, each in owner.qualifiers.items()}
    return {name: each for name, each in found.items() if name not in besides}


def value(given: Any) -> Any:
    if isinstance(given, list):
        return [value(element) for element in given]
    return given if given is None or isinstance(given, bool | int | float | str) else str(given)


main(*sys.argv[1:])
