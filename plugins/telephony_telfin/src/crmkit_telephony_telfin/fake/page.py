"""The page on which a person is the client and the agent: phones ring, and may be picked up, ignored or hung up."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from .truth import CLIENT, TrueCall, TrueLeg

if TYPE_CHECKING:
    from .pbx import FakePbx

STATIC = files(__package__) / "static"
FILES = {"index.html": "text/html", "page.js": "text/javascript", "page.css": "text/css"}
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}


def shown(pbx: FakePbx, call: TrueCall) -> dict[str, Any]:
    """A call as the page shows it."""
    return {
        "id": call.call_id,
        "direction": call.direction,
        "number": call.number,
        "did": call.did,
        "outcome": call.outcome,
        "began": call.began_at.isoformat(),
        "ended": call.ended_at and call.ended_at.isoformat(),
        "legs": [_leg(pbx, call, place, leg) for place, leg in enumerate(call.legs)],
    }


def _leg(pbx: FakePbx, call: TrueCall, place: int, leg: TrueLeg) -> dict[str, Any]:
    phone = pbx.switch.extensions.get(leg.extension_id or 0) if "*" in leg.party else None
    return {
        "id": f"{call.call_id}.{place}",
        "role": leg.role,
        "party": leg.party,
        "label": phone.label if phone else "",
        "state": "ringing" if leg.ringing else "talking" if leg.talking else "ended",
        "waits": leg.role == CLIENT and call.direction == "in" and leg.ringing,
        "since": (leg.answered_at or leg.rang_at).isoformat(),
        "held": leg.held,
        "status": leg.status,
        "voicemail": leg.voicemail,
    }


def state(pbx: FakePbx, recent: int = 8) -> dict[str, Any]:
    """All that the page shows."""
    with pbx.lock:
        going_on = pbx.going_on()
        ended = []
        for call in reversed(pbx.truth.calls.values()):
            if call.ended_at is not None:
                ended.append(shown(pbx, call))
            if len(ended) == recent:
                break
        return {
            "now": pbx.clock.now().isoformat(),
            "calls": [shown(pbx, call) for call in going_on],
            "ended": ended,
            "extensions": [{"name": e.name, "label": e.label, "type": e.type} for e in pbx.extensions],
            "dids": list(pbx.switch.dids),
        }


def act(pbx: FakePbx, wanted: dict[str, Any]) -> None:
    """Do what a button says."""
    deed = str(wanted.get("deed"))
    if deed == "call":
        pbx.incoming(str(wanted["number"]), str(wanted["to"]), did=wanted.get("did") or None)
        return
    with pbx.lock:
        call_id, _dot, place = str(wanted.get("leg")).partition(".")
        leg = pbx.truth.calls[call_id].legs[int(place)]
        if deed == "pick_up":
            pbx.pick_up(leg)
        elif deed == "hang_up":
            pbx.hang_up(leg)
        elif deed in ("busy", "rejects", "unavailable"):
            pbx.reject(leg, deed)
        else:
            raise ValueError(f"unknown deed {deed!r}")


def routes(pbx: FakePbx) -> list[Route]:
    """The page's addresses."""

    async def read(request: Request) -> Response:
        return JSONResponse(state(pbx))

    async def write(request: Request) -> Response:
        if request.headers.get("content-type", "").partition(";")[0] != "application/json":
            return JSONResponse({"message": "application/json is wanted"}, 415)
        try:
            act(pbx, await request.json())
        except (KeyError, IndexError, ValueError, TypeError) as problem:
            return JSONResponse({"message": str(problem)}, 409)
        return JSONResponse(state(pbx))

    async def page(request: Request) -> Response:
        name = request.path_params.get("name") or "index.html"
        if name not in FILES:
            return JSONResponse({"message": "Not found"}, 404)
        return Response((STATIC / name).read_bytes(), headers=HEADERS, media_type=FILES[name])

    return [
        Route("/state", read),
        Route("/do", write, methods=["POST"]),
        Route("/", page),
        Route("/{name}", page),
    ]
