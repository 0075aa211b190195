"""One registration made by a process that is short of something. Prints its cause and whose the fault is.

The argument is the registrar's URI.
"""

import sys

from callsphere.lib.netguard import AddressPolicy
from callsphere.sip.agent.registration import Identity
from callsphere.sip.engine import BindingJob, RegistrarEngine
from callsphere.sip.uri import parse_gateway_uri

job = BindingJob(
    "line", parse_gateway_uri(sys.argv[1]), "clinic", None, 3600, Identity("id-at-test", "tag", "", 0)
)
with RegistrarEngine(policy=AddressPolicy.from_strings(["127.0.0.0/8"]), user_agent="test") as engine:
    [[result]] = engine.register_many([job])
sys.stdout.write(f"{result.cause} {'ours' if result.is_ours else 'theirs'}\n")
