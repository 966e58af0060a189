"""Send a call, a rep's state and an activity: `python send_events.py [HOST:PORT]`."""

import json
import sys
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from confluent_kafka import KafkaError, Message, Producer

TOPICS = {
    "call": "ringside.calls",
    "rep": "ringside.reps",
    "meeting": "ringside.meetings",
    "deal": "ringside.deals",
    "activity": "ringside.activities",
    "lead": "ringside.activities",
    "pbx": "ringside.counters",
}

producer = Producer(
    {
        "bootstrap.servers": sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:9092",
        "enable.idempotence": True,  # what the client has to repeat arrives once, in order
        "partitioner": "murmur2_random",  # as Java's clients: one id, one partition, whoever sends
    }
)


def send(type_: str, subject: str, at: datetime, **data: object) -> None:
    """Send one event: what happened, to which call (rep, meeting, deal, ...), and when."""
    event = {
        "specversion": "1.0",
        "id": str(uuid4()),
        "source": "/pbx/hanoi",
        "type": type_,
        "subject": subject,
        "time": at.isoformat(),
        "data": data,
    }
    topic = TOPICS[type_.partition(".")[0]]
    producer.produce(topic, json.dumps(event), key=subject, on_delivery=delivered)


def delivered(error: KafkaError | None, message: Message) -> None:
    """End with what went wrong, if Kafka did not take an event."""
    if error is not None:
        sys.exit(f"{message.topic()}: {error}")


now = datetime.now(UTC)
call = f"call-{uuid4()}"
began_at = now - timedelta(seconds=90)
send("call.offered", call, began_at, queue="new-accounts", customer="+84901234567")
send("call.answered", call, began_at + timedelta(seconds=12), rep="linh")
send("call.ended", call, now)
send("rep.state_changed", "linh", now, state="after_call_work")
send("activity.logged", f"mail-{uuid4()}", now, rep="linh", kind="e-mail")
if producer.flush(30):
    sys.exit("Kafka did not confirm everything within 30 s")
