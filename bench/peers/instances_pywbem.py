"""pywbem's server in memory with instances of one class: a line of JSON in, a line of JSON out.

First a request with the MOF of the class, its name and the values of each instance; then, as often as one likes,
"enumerate", "get" or "values".
"""

import json
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

pywbem: Any = import_module("pywbem")
mock: Any = import_module("pywbem_mock")

NAMESPACE = "root/bench"


def main() -> None:
    given = json.loads(sys.stdin.readline())
    connection = mock.FakedWBEMConnection(default_namespace=NAMESPACE)
    connection.compile_mof_string(given["mof"], namespace=NAMESPACE)
    name, key = given["class"], given["key"]
    class_ = connection.GetClass(name, LocalOnly=False)
    wanted = [path(name, key, value) for value in given["wanted"]]
    for values in given.pop("instances"):  # let go: what the collector has to look through slows pywbem down
        connection.add_cimobjects(instance(class_, key, values), namespace=NAMESPACE)
    print(json.dumps("ready"), flush=True)

    does: dict[str, Callable[[], Any]] = {
        "enumerate": lambda: len(connection.EnumerateInstances(name)),
        "get": lambda: sum(connection.GetInstance(each, LocalOnly=False) is not None for each in wanted),
        "values": lambda: [plain(each) for each in connection.EnumerateInstances(name)],
    }
    for line in sys.stdin:
        print(json.dumps(does[json.loads(line)]()), flush=True)


def instance(class_: Any, key: str, values: dict[str, Any]) -> Any:
    properties = [
        pywbem.CIMProperty(name, pywbem.cimvalue(value, class_.properties[name].type), class_.properties[name].type)
        for name, value in values.items()
    ]
    return pywbem.CIMInstance(class_.classname, properties, path=path(class_.classname, key, values[key]))


def path(class_name: str, key: str, value: Any) -> Any:
    return pywbem.CIMInstanceName(class_name, {key: value}, namespace=NAMESPACE)


def plain(found: Any) -> dict[str, Any]:
    return {each.name: json_value(each.value) for each in found.properties.values()}


def json_value(value: Any) -> Any:
    if isinstance(value, list):
        return [json_value(element) for element in value]
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


main()
