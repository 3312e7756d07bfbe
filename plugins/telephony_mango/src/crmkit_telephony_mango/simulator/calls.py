"""Calls and their legs, as Mango Office tells of them."""

from __future__ import annotations

import itertools
import typing as t

Tell = t.Callable[[dict[str, t.Any]], None]
Party = dict[str, str]


class MangoLeg:
    """A leg of a call: two parties, a state, and a count of what was told about it."""

    def __init__(self, call: MangoCall, call_id: str, caller: Party, called: Party, location: str) -> None:
        self.call, self.call_id, self.caller, self.called, self.location = call, call_id, caller, called, location
        self.state = ""
        self._seq = 0

    @property
    def extension(self) -> str | None:
        """The colleague whose telephone it is."""
        return self.called.get("extension") or self.caller.get("extension")

    @property
    def up(self) -> bool:
        """False once it is over."""
        return self.state != "Disconnected"

    def appear(self) -> MangoLeg:
        """It rings."""
        return self._to("Appeared")

    def connect(self) -> MangoLeg:
        """It is picked up, or taken back from hold."""
        self._to("Connected")
        self.call.connected(self)
        return self

    def hold(self) -> MangoLeg:
        """Somebody waits."""
        return self._to("OnHold")

    def disconnect(self) -> MangoLeg:
        """It is over."""
        return self._to("Disconnected") if self.up else self

    def _to(self, state: str) -> MangoLeg:
        self.state = state
        self._seq += 1
        self.call.tell({
            "entry_id": self.call.entry_id, "call_id": self.call_id, "seq": self._seq, "call_state": state, "location": self.location,
            "from": dict(self.caller), "to": dict(self.called), **({"command_id": self.call.command_id} if self.call.command_id else {}),
        })  # fmt: skip
        return self


class MangoCall:
    """A whole call (`entry_id`)."""

    def __init__(self, entry_id: str, number: str, line: str, tell: Tell, command_id: str | None = None) -> None:
        self.entry_id, self.number, self.line, self.tell, self.command_id = entry_id, number, line, tell, command_id
        self.legs: list[MangoLeg] = []
        self.recordings = 0
        self._ids = itertools.count(1)

    def leg(self, caller: Party, called: Party, location: str = "abonent") -> MangoLeg:
        """Begin a leg, which rings."""
        made = MangoLeg(self, f"{self.entry_id}/{next(self._ids)}", caller, called, location)
        self.legs.append(made)
        return made.appear()

    def machine(self, location: str = "ivr") -> MangoLeg:
        """Come into the voice menu, or into a queue."""
        return self.leg({"number": self.number}, {"line_number": self.line}, location)

    def ring(self, extension: str, taken_from: MangoLeg | None = None) -> MangoLeg:
        """Ring at a colleague's."""
        caller = {"number": self.number, **({"taken_from_call_id": taken_from.call_id} if taken_from is not None else {})}
        return self.leg(caller, {"extension": extension, "number": f"sip:{extension}", "line_number": self.line})

    def placed(self, extension: str) -> MangoLeg:
        """Ring first at the colleague who asked for the call."""
        return self.leg({}, {"extension": extension, "number": f"sip:{extension}"})

    def dialled(self, extension: str) -> MangoLeg:
        """Ring at the client's, for a colleague."""
        return self.leg({"extension": extension, "line_number": self.line}, {"number": self.number})

    def connected(self, leg: MangoLeg) -> None:
        """Call the client once the colleague who asked for it has picked up."""
        if self.command_id and leg.called.get("extension") and len(self.legs) == 1:
            self.dialled(leg.called["extension"])

    def transfer(self, leg: MangoLeg, to: str) -> MangoLeg:
        """Ring at another colleague's, and let go of the one before."""
        made = self.ring(to, taken_from=leg)
        leg.disconnect()
        return made

    def hang_up(self) -> None:
        """End everything."""
        for leg in self.legs:
            leg.disconnect()

    @property
    def up(self) -> bool:
        """True while any leg is."""
        return any(leg.up for leg in self.legs)
