"""A worker listens on one port, and answers nobody through Kafka."""

from __future__ import annotations

from collections.abc import Callable

import psutil
import pytest
from confluent_kafka.admin import AdminClient

from schemas.codec import encode
from tests.integration.floor_events import call
from tests.integration.pipeline import Pipeline, Raw

Now = Callable[[], float]
REPLIES = "a.topic.for.replies"


@pytest.mark.long
def test_a_worker_listens_on_its_metrics_port_and_nowhere_else(pipeline: Pipeline) -> None:
    worker = pipeline.start_worker()
    process = worker.process.pid
    assert process is not None
    listening = {
        (one.laddr.ip, one.laddr.port)
        for child in (psutil.Process(process), *psutil.Process(process).children(recursive=True))
        for one in child.net_connections()
        if one.status == psutil.CONN_LISTEN
    }
    assert listening == {("127.0.0.1", worker.port)}


def test_a_header_that_asks_faust_for_a_reply_gets_none(pipeline: Pipeline, now: Now) -> None:
    worker = pipeline.start_worker()
    headers = (("Faust-Ag-ReplyTo", REPLIES.encode()), ("Faust-Ag-CorrelationId", b"1"))
    events = call("c-1", now() - 60, wait_seconds=5, talk_seconds=6)
    pipeline.publish(
        Raw("ringside.calls", one.subject.encode(), encode(one), headers) for one in events
    )
    pipeline.publish([Raw("ringside.calls", b"x", b"{", headers)])
    pipeline.wait_until_written(4)
    assert pipeline.ledger()["applied"] == 3, "a header like any other"
    admin = AdminClient({"bootstrap.servers": pipeline.bootstrap, "log_level": 0})
    names = set(admin.list_topics(timeout=60).topics)
    assert REPLIES not in names
    assert not [name for name in names if "reply" in name or "router" in name]
    assert REPLIES not in worker.log()
