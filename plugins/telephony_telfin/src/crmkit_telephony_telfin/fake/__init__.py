"""A fake PBX: a server that speaks Telfin's REST API and sends its webhooks, faults included. For tests and for trying out.

    pbx = FakePbx(clock, extensions=["101", "102", Extension("900", type="queue", members=("101", "102"))])
    pbx.behave("+79990000001", ignores(), answers(after=5, talks=60))      # the first call, the second and all later ones
    client = httpx.Client(transport=pbx.transport(), base_url=pbx.base_url)  # or serve(pbx) on 127.0.0.1, or pbx.app
    pbx.deliver_to(send)                   # send(url, body, headers) -> status; by default httpx posts it
    pbx.advance(20)                        # or run_until(moment), run_due(), next_at
    pbx.truth.of(call_id).outcome          # what really happened

People: `pbx.behave(who, …)`, `pbx.incoming(number, to=…)`, `pbx.outgoing(extension, number)`, `pbx.internal(a, b)`, and by hand
`pbx.ringing()`, `pbx.pick_up(leg)`, `pbx.reject(leg)`, `pbx.hang_up(leg)`. Faults: `Faults`, `pbx.faults`, `pbx.trip(endpoint, …)`.

How sure each thing is. **documented**: in an official page of Telfin or of the platform it runs on (RingMe), some of which could
be read in their first half only. **seen**: in public code of integrations, or in dumps of webhooks in their comments; the
number is of how many that do not know of each other. **guessed**: nobody could be asked; do not build on it.

| what | how sure | where from |
|---|---|---|
| `/api/ver1.0/`, `/oauth/token`, `@me`, paths with or without the last slash | seen, 5 | clients; "Application authorization" documents the token |
| client_credentials, form body; access_token, token_type, expires_in | documented, seen 5 | "Authorization of trusted applications" |
| expires_in as text or missing | seen, 4 | clients' models and a test file |
| ask for a new token on 401 though expires_in has not passed | documented | "Authorization of trusted applications" |
| a token lives 3600 s | guessed | one client has the number in its code |
| 20 requests a second at /oauth | documented; its answer, 429, guessed | "Rules of requests to the API" |
| gzip mandatory | documented; what comes without it (406, or garble) guessed | "Rules of requests to the API" |
| requests an hour, `X-RateLimit-*`, seconds to the reset, 429 `rate_limit_exceeded` | documented; the body's form guessed | the same |
| the hour is that of the clock; a refused token counts | guessed | |
| 429 "Stats request already exists, …" | seen | a client's test file |
| `{"message": …}`, 404 "Not found", "Record not found"; 401 with `status` | seen, 3 | clients and their test files |
| 400 for what is missing in a request, 405, 5xx as HTML | guessed | |
| user: its fields | seen, 3 | clients |
| extension: a bare array, its fields, filters and pages; pages of at most 100 | seen, 4; 100 seen once | clients; "Extension" documents the fields |
| registration: its fields | documented; the array for all phones guessed | "Registration" |
| phone: its fields | seen | a client's types |
| did: its fields | seen | a client's types, citing "Did" |
| limit: that it exists | documented; what it answers is not known: an empty object | "Events of an extension" |
| callback: all sources ring, then the destination; its fields | documented | "Callback" |
| callback: 201 with call_api_id and call_id, which are the same | seen, 4; that they are the same: one test file | clients |
| `CallID` of webhooks is that call_id, and call_uuid of the history | seen, 2 | clients join by it |
| wait_for_pickup: seconds for the first leg | guessed; the name seen | a client's types |
| the server's own timer: 60 s | guessed | |
| no webhook of a callback's first leg (`dial_in_for_callbacks` sends some) | guessed | |
| dial-out when the destination begins to ring | documented | "Dial-out: analysis and logic of events" |
| current_calls: fields, call_list, hundredths after a dot or comma, in/IN | documented, seen | "Current calls"; a dump |
| actions and send_dst required | documented; whether "" will do guessed | "Current calls" |
| DELETE hangs up: 204, and 404 when gone; PUT: 200 | seen, 2; the 404 guessed | clients |
| control by the callback's own call_api_id is refused (`control_by_callback_id` allows it) | guessed | |
| transfers: hang-up of the one, dial-in (`RemoteNumber`) or dial-out (`Transfered`) of the other | documented; the order guessed | "Events" |
| eavesdrop, whisper, conference, park, pickup: accepted, noted, not imitated | documented by name | "Current calls" |
| webhooks: form body, or query with GET; names and meanings of their fields | documented, seen 5 | "Events of an extension"; dumps |
| EventTime and Duration in microseconds | documented; seen, 5 and 4 | the same |
| `CallStatus` at hang-up and its six words | documented, seen 3 | the same |
| which of them follows a rejected call (`BUSY`) or a phone answered elsewhere (`CANCEL`) | guessed | |
| `Bridged` at queues and voice menus only | documented | "Events" |
| `RecID` is often missing | seen, 2 | a client's comments |
| several phones: one CallID, several SubCallIDs; a queue rings again | documented, seen 2 | "Events"; clients |
| one SubCallID over several rounds (`same_leg_in_queue`) | guessed | |
| CallAPIID is `3580000000-` and the CallID with dashes | seen | a dump; for further legs guessed |
| repeated, late, lost, disordered webhooks, and that nothing is sent twice on failure | guessed: nothing is promised | |
| events: 201 with id, 204, a limit of their number | documented, seen 5; the limit's answer guessed | "Events of an extension" |
| /phone_events/ | documented; that one of them is changed and deleted by its id, guessed | "Global events of all telephone terminals" |
| extension-call-status, message-in, message-out, voicemail | may be subscribed to, are never sent: their contents are not known | |
| call_interactive | seen | a client's comments |
| call_history: the list's envelope, the fields, results, who hung up | seen; documented in part | a client's test file; "Call history" |
| start_time of a callback is the moment the agent picked up; cdr's is the answer | guessed from one real callback | a client's test file |
| hangup_cause of calls that were not answered | guessed: words of FreeSWITCH | |
| the zone of start_datetime and end_datetime (`FakePbx(zone=…)`, UTC) | guessed | |
| delay of history and recordings | guessed | |
| record: uuid, list, file, Content-Disposition, storage_url, MP3 of 2 kB a second | documented, seen 4 | "Recordings"; a test file |
| end_datetime of recordings at most the last day of the next month | documented; its 400 guessed | "Recordings" |
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
