"""What is counted of sessions with OpenAI."""

from prometheus_client import Counter, Gauge

OFFERS = Counter(
    "callsphere_realtime_offers_total", "Calls that OpenAI told of, by what became of them", ["outcome"]
)
SESSIONS = Counter("callsphere_realtime_sessions_total", "Sessions that ended, by how", ["state"])
ATTACHED = Counter("callsphere_realtime_attached_total", "Lines beside calls that were opened")
LOST = Counter("callsphere_realtime_lines_lost_total", "Lines beside calls that broke or could not be opened")
FUNCTIONS = Counter("callsphere_realtime_functions_total", "Functions that models called, by kind", ["kind"])
HELD = Gauge(
    "callsphere_realtime_sessions_held", "Sessions that workers hold now", multiprocess_mode="livesum"
)
