"""A small Mango Office of one's own: takes signed commands and sends signed webhooks. For tests, without a network.

    mango = MangoSimulator()
    provider = MangoProvider(crm, mango.transport())     # the settings have mango.key and mango.salt
    mango.deliver_to(post)                               # post(path, body) -> status
    call = mango.incoming("79990000001", line="74950000000")
    leg = call.ring("101")
    leg.connect(); leg.hold(); leg.connect(); leg.disconnect()
    mango.recorded(call)

It knows the fields that are known of Mango Office and no other (docs/telephony-mango.md), so it can show that the provider holds
together, not that Mango Office behaves like this.
"""

from .calls import MangoCall, MangoLeg
from .server import MangoSimulator, Message

__all__ = ["MangoCall", "MangoLeg", "MangoSimulator", "Message"]
