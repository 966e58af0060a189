"""Exports of CRMs to imported deals, and the command's dry run; without Kafka."""

import csv
import io
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from agents.__main__ import run
from agents.errors import InputError
from agents.imports import mapping as mappings
from agents.imports.deals import Found, Refused, deals, event_of
from agents.imports.mapping import Columns, Mapping, Meaning
from schemas.events import StageEntry

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "docs/examples/import-deals.yaml"
DATA = ROOT / "../shared/data"
EXPORTED = datetime(2026, 9, 1, tzinfo=UTC)

SNAPSHOT = Mapping(
    source="crm",
    pipeline="sales",
    currency="EUR",
    dates="%d.%m.%Y",
    zone="Asia/Seoul",
    decimal_mark=",",
    columns=Columns(
        deal="id",
        rep="owner",
        stage="phase",
        created_at="opened",
        ended_at="closed",
        amount="value",
        customer="phone",
        reason="why",
    ),
    stages={
        "new": "new",
        "in trial": "trial",
        "won": Meaning("trial", "won"),
        "lost": Meaning("trial", "lost"),
    },
    entered={"new": "opened", "trial": "trial since"},
)
HEADING = "id,owner,phase,opened,trial since,closed,value,phone,why"


def read(*lines: str, mapping: Mapping = SNAPSHOT, heading: str = HEADING) -> list[Found | Refused]:
    return list(deals(io.StringIO("\n".join((heading, *lines))), mapping, EXPORTED))


def only(*lines: str, mapping: Mapping = SNAPSHOT) -> Found:
    (found,) = read(*lines, mapping=mapping)
    assert isinstance(found, Found), found
    return found


def day(month: int, day_of_month: int) -> datetime:
    # Midnight in Seoul is 15:00 UTC of the day before.
    return datetime(2026, month, day_of_month, tzinfo=SNAPSHOT.tz)


def test_a_row_becomes_a_deal_with_its_history() -> None:
    found = only('d1,linh,won,01.03.2026,10.03.2026,01.04.2026,"1.234,50",+84 90 1,')
    assert (found.line, found.deal) == (2, "d1")
    data = found.data
    assert (data.created_at, data.ended_at) == (day(3, 1), day(4, 1))
    assert data.created_at.astimezone(UTC) == datetime(2026, 2, 28, 15, tzinfo=UTC)
    assert (data.stage, data.moves) == ("new", (StageEntry(day(3, 10), "trial"),))
    assert (data.outcome, data.amount_minor, data.currency) == ("won", 123_450, "EUR")
    assert (data.rep, data.pipeline, data.customer, data.reason) == (
        "linh",
        "sales",
        "+84 90 1",
        None,
    )


def test_a_stage_without_a_date_is_where_the_deal_was_by_then() -> None:
    # Nobody says when it came to trial; it was there, after what is dated.
    data = only("d1,linh,in trial,01.03.2026,,,,,").data
    assert (data.stage, data.moves) == ("new", (StageEntry(day(3, 1), "trial"),))
    assert (data.outcome, data.ended_at, data.amount_minor) == (None, None, None)


def test_an_open_deal_keeps_no_date_of_an_end_and_a_lost_one_its_reason() -> None:
    assert only("d1,linh,new,01.03.2026,,01.10.2026,,,price").data.reason is None
    data = only("d1,linh,lost,01.03.2026,02.03.2026,03.03.2026,,,price").data
    assert (data.outcome, data.reason) == ("lost", "price")


def test_an_event_has_the_same_id_whenever_the_row_comes_again() -> None:
    found = only("d1,linh,new,01.03.2026,,,,,")
    exported_again = msgspec.structs.replace(found.data, as_of=datetime(2026, 10, 1, tzinfo=UTC))
    later = found._replace(data=exported_again)
    ids = {event_of(one, "crm", at).id for one, at in ((found, 1.0), (found, 2.0), (later, 3.0))}
    assert len(ids) == 1
    other = only("d1,linh,new,02.03.2026,,,,,")
    assert event_of(other, "crm", 1.0).id not in ids


@pytest.mark.parametrize(
    ("line", "column", "reason"),
    [
        (",linh,new,01.03.2026,,,,,", "id", "empty"),
        ("d1,,new,01.03.2026,,,,,", "owner", "empty"),
        ("d1,linh,,01.03.2026,,,,,", "phase", "empty"),
        (
            "d1,linh,hot,01.03.2026,,,,,",
            "phase",
            "a value that the mapping's `stages` does not have",
        ),
        ("d1,linh,new,,,,,,", "opened", "empty"),
        ("d1,linh,new,2026-03-01,,,,,", "opened", "no date as %d.%m.%Y"),
        ("d1,linh,new,30.02.2026,,,,,", "opened", "no date as %d.%m.%Y"),
        ("d1,linh,won,01.03.2026,,,,,", "closed", "no date of its end"),
        ("d1,linh,new,01.03.2026,,,abc,,", "value", "no amount of EUR"),
        ('d1,linh,new,01.03.2026,,,"1,005",,', "value", "no amount of EUR"),
        ("d1,linh,new,01.03.2026,,,", "", "not as many cells as there are columns"),
        ("d1,linh,new,01.03.2026,,,,,,,", "", "not as many cells as there are columns"),
    ],
)
def test_a_line_is_refused_by_its_number_column_and_reason(
    line: str, column: str, reason: str
) -> None:
    good = "d9,linh,new,01.03.2026,,,,,"
    refused, found = read(line, good)
    assert refused == Refused(2, column, reason)
    assert isinstance(found, Found)


def test_a_deal_that_stands_twice_is_imported_once() -> None:
    line = "d1,linh,new,01.03.2026,,,,,"
    first, second = read(line, line)
    assert isinstance(first, Found)
    assert second == Refused(3, "id", "the same deal as on line 2")


def test_a_row_may_span_lines() -> None:
    refused = read('d1,linh,"ne\nw",01.03.2026,,,,,', "d2,linh,hot,01.03.2026,,,,,")
    assert [one.line for one in refused] == [2, 4]


CHANGES = Mapping(
    source="helpdesk",
    pipeline="help",
    columns=Columns(deal="case", rep="resource", stage="activity", changed_at="at"),
    stages={"open": "open", "fix": "fix", "close": Meaning(outcome="won")},
)


def test_rows_of_changes_are_gathered_by_deal_and_sorted_by_time() -> None:
    rows = (
        "c1,fix,2026-03-02T10:00:00+00:00,bo",
        "c2,open,2026-03-01T09:00:00Z,an",
        "c1,open,2026-03-01T10:00:00+00:00,an",
        "c1,close,2026-03-03T10:00:00+00:00,bo",
    )
    first, second = read(*rows, mapping=CHANGES, heading="case,activity,at,resource")
    assert isinstance(first, Found)
    assert isinstance(second, Found)
    moves = (StageEntry(datetime(2026, 3, 2, 10, tzinfo=UTC), "fix"),)
    assert (first.deal, first.data.stage, first.data.moves) == ("c1", "open", moves)
    assert first.data.ended_at == datetime(2026, 3, 3, 10, tzinfo=UTC)
    assert (second.deal, second.data.outcome, second.data.rep) == ("c2", None, "an")


def test_what_goes_on_after_its_end_was_reopened() -> None:
    rows = [
        f"c1,{stage},2026-03-0{n}T10:00:00Z,an"
        for n, stage in enumerate(("open", "close", "fix"), 1)
    ]
    (found,) = read(*rows, mapping=CHANGES, heading="case,activity,at,resource")
    assert isinstance(found, Found)
    assert (found.data.outcome, [move.stage for move in found.data.moves]) == (None, ["fix"])


def test_a_file_without_a_column_is_refused_with_those_it_has() -> None:
    with pytest.raises(InputError, match=r"no column owner, phone; its columns are: id, phase"):
        read(heading="id,phase,opened,trial since,closed,value,why")


_BAD_IN_FOUR_WAYS = """
columns: {deal: a, rep: b, stage: c, created_at: d, amount: e}
source: x
zone: Mars/Olympus
stages: {x: {}}
"""


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("source: [", "this is not YAML"),
        ("source: crm", "not a valid mapping of columns: Object missing required field `columns`"),
        (
            "columns: {deal: a, rep: b, stage: c, colour: d}\nsource: x\nstages: {}",
            "unknown field `colour`",
        ),
        (
            "columns: {deal: a, rep: b, stage: c}\nsource: x\nstages: {}",
            "say columns.created_at, or",
        ),
        (
            _BAD_IN_FOUR_WAYS,
            r"(?s)zone: there.*stages: x needs.*either pipeline.*columns.amount needs currency",
        ),
    ],
)
def test_a_mapping_that_is_wrong_says_where(tmp_path: Path, text: str, complaint: str) -> None:
    (tmp_path / "mapping").write_text(text)
    with pytest.raises(InputError, match=complaint):
        mappings.read(tmp_path / "mapping")


needs_data = pytest.mark.skipif(not DATA.exists(), reason="no ../shared/data")


@needs_data
def test_a_real_export_is_taken_in_whole(capsys: pytest.CaptureFixture[str]) -> None:
    file = str(DATA / "crm_opportunities.csv")
    arguments = ["import", "deals", file, "--mapping", str(EXAMPLE), "--as-of", "2018-01-01"]
    assert run([*arguments, "--dry-run"], {}) == 0
    # KPIS.md section 4.
    expected = "8800 deals can be imported (2089 open, 4238 won, 2473 lost)"
    assert expected in capsys.readouterr().out


@needs_data
def test_a_real_exports_amounts_add_up() -> None:
    mapping = mappings.read(EXAMPLE)
    with (DATA / "crm_opportunities.csv").open(encoding="utf-8-sig", newline="") as stream:
        found = [one for one in deals(stream, mapping, EXPORTED) if isinstance(one, Found)]
    won = [one.data for one in found if one.data.outcome == "won"]
    # KPIS.md section 4: won value 10,005,534, mean cycle 51.78 days.
    assert sum(data.amount_minor or 0 for data in won) == 10_005_534 * 100
    days = [((data.ended_at or EXPORTED) - data.created_at).days for data in won]
    assert sum(days) / len(days) == pytest.approx(51.78, abs=0.005)
    assert Counter(one.data.stage for one in found) == {"engaging": 8300, "prospecting": 500}


def test_a_dry_run_names_what_is_refused_and_reports_all_of_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    heading = (
        "opportunity_id,sales_agent,product,account,deal_stage,engage_date,close_date,close_value"
    )
    lines = [heading, "a,Al,x,Acme,Won,1/2/2017,3/2/2017,10", *["b,Al,x,Acme,Warm,1/2/2017,,"] * 25]
    # Later than the export, which the codec finds.
    lines.append("c,Al,x,Acme,Won,1/2/2017,3/2/2037,10")
    (tmp_path / "export.csv").write_text("\n".join(lines))
    arguments = ["import", "deals", str(tmp_path / "export.csv"), "--mapping", str(EXAMPLE)]
    arguments += ["--dry-run", "--as-of", "2018-01-01", "--report", str(tmp_path / "report.csv")]
    assert run(arguments, {}) == 1
    printed = capsys.readouterr()
    assert "1 deal can be imported (0 open, 1 won, 0 lost); nothing was sent" in printed.out
    assert "line 3 refused: deal_stage: a value that the mapping's `stages`" in printed.err
    assert "line 23 refused" not in printed.err
    assert "26 lines were refused (25 deal_stage: a value" in printed.err
    assert "Warm" not in printed.out + printed.err
    with (tmp_path / "report.csv").open(newline="") as stream:
        rows = list(csv.reader(stream))
    assert len(rows) == 1 + 26
    assert rows[-1] == ["28", "ended_at", "time_in_future"]


def test_standard_input_needs_the_date_of_the_export(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["import", "deals", "-", "--mapping", str(EXAMPLE), "--dry-run"], {}) == 2
    assert "say with --as-of when the export was made" in capsys.readouterr().err
