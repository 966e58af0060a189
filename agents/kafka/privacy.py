"""Ask the workers to forget a customer, and look for what the dead letters still hold."""

import re
from collections.abc import Iterable, Iterator

from confluent_kafka import Consumer, KafkaError, Producer
from confluent_kafka import Message as Delivered

from agents.errors import DeliveryError
from agents.kafka import config
from agents.kafka.reading import ends, read_to_end
from agents.settings import Settings
from schemas.codec import Message
from schemas.erasures import encode_erasure
from schemas.topics import DEAD_LETTERS, all_topics
from streams.machines import MACHINES

_DELIVERY_SECONDS = 60.0
_MIN_DIGITS = 7
Offsets = dict[tuple[str, int], int]


def group(app_id: str) -> str:
    """Return the name under which it reads; nothing is committed to it."""
    return f"{app_id}-privacy"


def ask(settings: Settings, consumer: Consumer, tokens: Iterable[str], *, at: float) -> Offsets:
    """Send the wish to every partition that workers fold; return where it stands in each.

    Raises:
        DeliveryError: Kafka did not take all of them; ask again.
    """
    offsets: Offsets = {}
    failed: list[str] = []

    def confirmed(error: KafkaError | None, message: Delivered) -> None:
        if error is not None:
            failed.append(str(error.str()))
            return
        place = (str(message.topic()), int(message.partition() or 0))
        offsets[place] = max(offsets.get(place, 0), int(message.offset() or 0))

    producer = Producer(config.producer(settings))
    topics = [topic.name for topic in all_topics(settings.app_id) if topic.name in MACHINES]
    for topic in topics:
        for partition in ends(consumer, topic):
            for token in tokens:
                value = encode_erasure(token, at=at)
                producer.produce(topic, value, token, partition, on_delivery=confirmed)
    if producer.flush(_DELIVERY_SECONDS) or failed:
        why = failed[0] if failed else f"not within {_DELIVERY_SECONDS:.0f} s"
        raise DeliveryError(f"Kafka did not take every request to forget ({why}); run it again")
    return offsets


def in_dead_letters(
    consumer: Consumer, tokens: Iterable[str], number: str | None
) -> Iterator[tuple[int, int]]:
    """Yield partition and offset of the dead letters that may hold the customer.

    Originals are kept as they came, so a number is looked for however it was written: its digits,
    without those of the country, in their order, whatever stands between them.
    """
    needles = [re.compile(re.escape(token.encode())) for token in tokens]
    digits = re.sub(r"\D", "", number or "")[-9:]
    if len(digits) >= _MIN_DIGITS:
        needles.append(re.compile(rb"[^0-9]{0,3}".join(digit.encode() for digit in digits)))
    for record in read_to_end(consumer, DEAD_LETTERS.name):
        if any(needle.search(part) for part in _parts(record.message) for needle in needles):
            yield record.partition, record.offset


def _parts(message: Message) -> Iterator[bytes]:
    yield message.key or b""
    yield message.value or b""
    for _, value in message.headers:
        yield value or b""
