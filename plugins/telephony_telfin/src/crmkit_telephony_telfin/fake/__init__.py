"""A fake PBX: a server that speaks Telfin's REST API and sends its webhooks, faults included. For tests and for trying out.

    pbx = FakePbx(clock, extensions=["101", "102", Extension("900", type="queue", members=("101", "102"))])
    pbx.behave("+79990000001", ignores(), answers(after=5, talks=60))      # the first call, the second and all later ones
    client = httpx.Client(transport=pbx.transport(), base_url=pbx.base_url)  # or serve(pbx) on 127.0.0.1, or pbx.app
    pbx.deliver_to(send)                   # send(url, body, headers) -> status; by default httpx posts it
    pbx.advance(20)                        # or run_until(moment), run_due(), next_at
    pbx.truth.of(call_id).outcome          # what really happened

People: `pbx.behave(who, …)`, `pbx.incoming(number, to=…)`, `pbx.outgoing(extension, number)`, `pbx.internal(a, b)`, and by hand
`pbx.ringing()`, `pbx.pick_up(leg)`, `pbx.reject(leg)`, `pbx.hang_up(leg)`. Faults: `Faults`, `pbx.faults`, `pbx.trip(endpoint, …)`.
"""

from .faults import Faults
from .pbx import FakePbx
from .people import (
    Behaviour,
    Extension,
    Habits,
    answers,
    busy,
    by_hand,
    ignores,
    invalid,
    rejects,
    unavailable,
    voicemail,
)
from .serving import Served, alive, serve
from .truth import Delivery, TrueCall, TrueLeg, Truth

__all__ = [
    "Behaviour",
    "Delivery",
    "Extension",
    "FakePbx",
    "Faults",
    "Habits",
    "Served",
    "TrueCall",
    "TrueLeg",
    "Truth",
    "alive",
    "answers",
    "busy",
    "by_hand",
    "ignores",
    "invalid",
    "rejects",
    "serve",
    "unavailable",
    "voicemail",
]
