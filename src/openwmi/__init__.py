"""openwmi: manage any machine the WMI way, from Python, without Windows.

The names in `__all__` are the public API. Each is loaded with its module when it is first used, so that importing
openwmi costs next to nothing; nothing but that table belongs here.
"""

TYPE_CHECKING = False  # the name is what a type checker knows; to import it from typing costs more than all the rest

if TYPE_CHECKING:
    from openwmi import blocking as blocking
    from openwmi import wsd as wsd
    from openwmi.base.error import AccessDenied, NotFound, Timeout, Unreachable, WbemError
    from openwmi.base.status import WbemStatus
    from openwmi.engine import Provider, method
    from openwmi.locator import connect
    from openwmi.model import ChangeFlag, CimClass, CimDateTime, CimInstance, CimInterval, ObjectPath
    from openwmi.mof import to_mof
    from openwmi.operation import Operation, Sink

__version__ = "0.1.0.dev0"

__all__ = [
    "AccessDenied",
    "ChangeFlag",
    "CimClass",
    "CimDateTime",
    "CimInstance",
    "CimInterval",
    "NotFound",
    "ObjectPath",
    "Operation",
    "Provider",
    "Sink",
    "Timeout",
    "Unreachable",
    "WbemError",
    "WbemStatus",
    "__version__",
    "connect",
    "method",
    "to_mof",
]

_MODULE_OF = {
    "AccessDenied": "openwmi.base.error",
    "ChangeFlag": "openwmi.model",
    "CimClass": "openwmi.model",
    "CimDateTime": "openwmi.model",
    "CimInstance": "openwmi.model",
    "CimInterval": "openwmi.model",
    "NotFound": "openwmi.base.error",
    "ObjectPath": "openwmi.model",
    "Operation": "openwmi.operation",
    "Provider": "openwmi.engine",
    "Sink": "openwmi.operation",
    "Timeout": "openwmi.base.error",
    "Unreachable": "openwmi.base.error",
    "WbemError": "openwmi.base.error",
    "WbemStatus": "openwmi.base.status",
    "connect": "openwmi.locator",
    "method": "openwmi.engine",
    "to_mof": "openwmi.mof",
}


if not TYPE_CHECKING:  # a type checker that saw this would take every misspelt name

    def __getattr__(name: str) -> object:
        """A public name at its first use (PEP 562); afterwards it is an ordinary attribute."""
        from importlib import import_module  # noqa: PLC0415 - not before a name is used

        if name in ("blocking", "wsd"):  # rooms of their own; the latter wants the extra of that name
            return import_module(f"openwmi.{name}")
        module = _MODULE_OF.get(name)
        if module is None:
            raise AttributeError(f"module 'openwmi' has no attribute {name!r}", name=name)
        value = globals()[name] = getattr(import_module(module), name)
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
