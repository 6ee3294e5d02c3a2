"""A provider of one's own: lamps, as instances that can be listed, found and switched.

It shows the three kinds of functions: a generator, which runs on a thread and may block; a coroutine, which runs on
the loop; and a method. Any of them may be written either way.
"""

import asyncio
from collections.abc import Iterator, Mapping

import openwmi
from openwmi.engine import MethodCall, Request, Row


class LampProvider(openwmi.Provider):
    """Serves the lamps of a house; here they are a dictionary, and might as well hang on a bus."""

    mof = """
    #pragma namespace("root\\\\home")
    [Dynamic] class Home_Lamp
    {
        [Key] string Room;
        boolean Lit;
        real64 Watts;
        uint32 Switch([in] boolean On);
    };
    """

    def __init__(self, lamps: dict[str, bool]) -> None:
        self.lamps = lamps

    def instances(self, request: Request) -> Iterator[Row]:
        for room in self.lamps:
            yield self._row(room, request)

    async def get(self, request: Request, keys: Mapping[str, object]) -> Row | None:
        room = self._find(keys["Room"])
        return None if room is None else self._row(room, request)

    @openwmi.method("Switch")
    def switch(self, call: MethodCall) -> Row:
        room = self._find((call.keys or {})["Room"])
        if room is None:
            raise openwmi.WbemError(openwmi.WbemStatus.NOT_FOUND, f"there is no lamp in {room}")
        self.lamps[room] = bool(call.inputs["On"])
        return {"ReturnValue": 0}

    def _find(self, name: object) -> str | None:
        """Keys compare without regard to case."""
        return next((room for room in self.lamps if room.lower() == str(name).lower()), None)

    def _row(self, room: str, request: Request) -> Row:
        lit = self.lamps[room]
        if not request.wants("Watts"):  # measuring is slow, so it is only done for those who ask
            return {"Room": room, "Lit": lit}
        return {"Room": room, "Lit": lit, "Watts": 6.5 if lit else 0.0}


async def main() -> None:
    provider = LampProvider({"Kitchen": True, "Hall": False, "Cellar": False})
    async with openwmi.connect("root/home", providers=[provider]) as ns:
        print("Which lamps are dark?")
        async for lamp in ns.query("SELECT Room FROM Home_Lamp WHERE Lit = FALSE"):
            print(f"   {lamp.Room}")

        print("Light in the cellar, please.")
        out = await ns.call("Home_Lamp.Room='Cellar'", "Switch", On=True)
        print(f"   Switch returned {out.ReturnValue}")

        lamp = await ns.get("Home_Lamp.Room='cellar'")
        print(f"   {lamp.path_}: {lamp.Watts} W")

        try:
            await ns.get("Home_Lamp.Room='Attic'")
        except openwmi.NotFound as error:
            print(f"And in the attic?\n   {error}")


if __name__ == "__main__":
    asyncio.run(main())
