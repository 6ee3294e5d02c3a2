"""Wrong calls on purpose: are they answered with the statuses that the documents give? None changes a thing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.client.doctor.check import Check, Code, Found
from openwmi.client.doctor.denied import Layer
from openwmi.client.doctor.visit import Visit
from openwmi.client.failures import LOST
from openwmi.client.session import SEMISYNCHRONOUS
from openwmi.interfaces import IEnumWbemClassObject
from openwmi.ndr import Cell

MILLISECONDS: Final = 5000

Asked = Callable[[Visit], Awaitable[Any]]


def _get(path: str) -> Asked:
    return lambda visit: visit.inside.services.GetObject(path, 0, None, Cell(None), None)


def _query(text: str, language: str = "WQL") -> Asked:
    """A failure may come with the call, or with the first row of its enumerator."""

    async def asked(visit: Visit) -> None:
        reply = await visit.inside.services.ExecQuery(language, text, SEMISYNCHRONOUS, None)
        async with visit.held(reply.ppEnum) as (exporter, ipid):
            await exporter.proxy(IEnumWbemClassObject, ipid).Next(MILLISECONDS, 1)

    return asked


CALLS: Final[dict[str, tuple[Asked, int]]] = {
    "get_no_class": (_get("OpenWMI_NoSuchClass"), WbemStatus.NOT_FOUND),
    "get_no_path": (_get('"=:'), WbemStatus.INVALID_OBJECT_PATH),
    "query_no_class": (_query("SELECT * FROM OpenWMI_NoSuchClass"), WbemStatus.INVALID_CLASS),
    "query_no_wql": (_query("SELECT FROM WHERE"), WbemStatus.INVALID_QUERY),
    "query_no_language": (_query("SELECT * FROM __SystemClass", "XQL"), WbemStatus.INVALID_QUERY_TYPE),
    "cancel_nothing": (lambda visit: visit.inside.services.CancelAsyncCall(None), WbemStatus.INVALID_PARAMETER),
}
"""Of each the status that is expected."""


async def _run(visit: Visit) -> Found:
    codes: dict[str, Code] = {}
    for name, (ask, _) in CALLS.items():
        try:
            await ask(visit)
            codes[name] = Code(0)
        except WbemError as error:
            if error.status in LOST:
                raise
            codes[name] = Code(error.status)
    others = [name for name, (_, status) in CALLS.items() if codes[name] != status]
    text = f"{len(CALLS) - len(others)} of {len(CALLS)} wrong calls are answered as documented"
    return Found(f"{text}; not {', '.join(others)}" if others else text, facts=codes)


CHECK = Check("statuses", _run, needs=("namespace",), layer=Layer.NAMESPACE)
