"""The API, and the webhooks."""

from __future__ import annotations

import itertools
import json
import typing as t
from urllib.parse import urlencode

import attrs
import httpx

from ..signing import opened, signed
from .calls import MangoCall, MangoLeg

LINKS = "https://records.example/"


@attrs.frozen
class Message:
    """A webhook that was sent: the end of its address, its body, and what it says."""

    path: str
    body: bytes
    told: t.Mapping[str, t.Any]


class MangoSimulator:
    """Keeps calls; takes commands by `transport()`, tells of them by `deliver_to`. `sent` has every webhook, for sending it again."""

    def __init__(self, key: str = "mango-key", salt: str = "mango-salt", line: str = "74950000000") -> None:
        self.key, self.salt, self.line = key, salt, line
        self.calls: dict[str, MangoCall] = {}
        self.sent: list[Message] = []
        self.asked: list[tuple[str, dict[str, t.Any]]] = []
        self._post: t.Callable[[str, bytes], object] | None = None
        self._trips: dict[str, list[int | Exception]] = {}
        self._lost: list[str] = []
        self._sounds: dict[str, bytes] = {}
        self._links: dict[str, str] = {}
        self._ids = itertools.count(1)

    def deliver_to(self, post: t.Callable[[str, bytes], object] | None) -> None:
        """Send webhooks there from now on, as ``post(path, body)``; to nobody with None."""
        self._post = post

    def transport(self) -> httpx.BaseTransport:
        """Return what an `httpx.Client` takes for the network."""
        return httpx.MockTransport(self._answer)

    def trip(self, path: str, *failures: int | Exception) -> None:
        """Let the next requests there fail: by a status, or by an error of httpx. ``"link"`` is the recording's own address."""
        self._trips.setdefault(path, []).extend(failures)

    def lose(self, path: str) -> None:
        """Do what the next request there asks for, and let the connection break before the answer."""
        self._lost.append(path)

    # ---- what happens on the line -----------------------------------------------------------------------------------
    def incoming(self, number: str, line: str | None = None) -> MangoCall:
        """A client calls; nobody's telephone rings yet."""
        return self._begin(number, line or self.line)

    def outgoing(self, extension: str, number: str) -> MangoLeg:
        """A colleague dials by hand."""
        return self._begin(number, self.line).dialled(extension)

    def internal(self, caller: str, called: str) -> MangoLeg:
        """A colleague calls another."""
        return self._begin("", self.line).leg({"extension": caller}, {"extension": called})

    def recorded(self, call: MangoCall, sound: bytes = b"ID3 sound") -> str:
        """The recording is ready."""
        call.recordings += 1
        key = f"record-{call.entry_id}-{call.recordings}"
        self._sounds[key] = sound
        self.tell("events/recording", {"entry_id": call.entry_id, "recording_id": key, "recording_state": "Completed"})
        return key

    def tell(self, path: str, told: t.Mapping[str, t.Any]) -> None:
        """Send a webhook."""
        message = Message(path, urlencode(signed(self.key, self.salt, told)).encode(), told)
        self.sent.append(message)
        if self._post is not None:
            self._post(path, message.body)

    def _begin(self, number: str, line: str, command_id: str | None = None) -> MangoCall:
        entry_id = f"entry{next(self._ids)}"
        made = MangoCall(entry_id, number, line, lambda told: self.tell("events/call", told), command_id)
        self.calls[entry_id] = made
        return made

    # ---- what it is asked -------------------------------------------------------------------------------------------
    def _answer(self, request: httpx.Request) -> httpx.Response:
        link = str(request.url)
        path = "link" if link.startswith(LINKS) else request.url.path.removeprefix("/vpbx/")
        if failures := self._trips.get(path):
            failure = failures.pop(0)
            if isinstance(failure, Exception):
                raise failure
            return httpx.Response(failure)
        if path == "link":
            return self._sound(link)
        text = opened(request.content, self.key, self.salt)
        if text is None:
            return httpx.Response(401)
        fields = json.loads(text)
        self.asked.append((path, fields))
        act = {
            "commands/callback": self._callback, "commands/transfer": self._transfer, "config/users/request": self._users,
            "queries/recording/post": self._link,
        }.get(path)  # fmt: skip
        answer = act(fields) if act is not None else httpx.Response(404)
        if path in self._lost:
            self._lost.remove(path)
            raise httpx.ReadError("the connection broke", request=request)
        return answer

    def _callback(self, fields: dict[str, t.Any]) -> httpx.Response:
        call = self._begin(fields["to_number"], self.line, fields["command_id"])
        call.placed(fields["from"]["extension"])
        return httpx.Response(200)

    def _transfer(self, fields: dict[str, t.Any]) -> httpx.Response:
        found = next((g for c in self.calls.values() for g in c.legs if g.call_id == fields["call_id"] and g.up), None)
        if found is None or fields["method"] != "blind":
            return httpx.Response(404)
        found.call.transfer(found, fields["to_number"])
        return httpx.Response(200)

    def _users(self, fields: dict[str, t.Any]) -> httpx.Response:
        return httpx.Response(200)

    def _link(self, fields: dict[str, t.Any]) -> httpx.Response:
        key = fields["recording_id"]
        if key not in self._sounds:
            return httpx.Response(404)
        link = f"{LINKS}{next(self._ids)}"
        self._links[link] = key
        return httpx.Response(302, headers={"Location": link})

    def _sound(self, link: str) -> httpx.Response:
        key = self._links.pop(link, None)  # good once
        if key is None:
            return httpx.Response(404)
        return httpx.Response(200, headers={"Content-Type": "audio/mpeg"}, content=self._sounds[key])


