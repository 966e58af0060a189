"""The fold: turns one source partition's messages, in order, into entities, panes and a ledger.

Deterministic: the same messages from the same offset on give the same state, whatever the size of
the batches. It knows neither Kafka nor the time of day; the caller hands in both.
"""

from collections.abc import Sequence
from typing import Any, cast

from schemas.codec import Decoded, Reason, Rejected
from schemas.erasures import Erasure
from schemas.events import DealImported, Event
from schemas.notes import Notes
from streams.correction_targets import is_met
from streams.customers import is_live, told
from streams.fold_state import FoldState
from streams.forgetting import erase
from streams.moves import with_moved

_NEVER = float("-inf")
_TOO_LATE = Rejected(Reason.TOO_LATE, "$.time")


class Fold(FoldState):
    """The state of one source partition, and how messages change it."""

    def apply(self, event: Decoded | Notes, offset: int) -> Rejected | None:
        """Take in one message; return why it was refused, or None. See `take`."""
        refused = self.take((event,), (offset,))
        return refused[0][1] if refused else None

    # In one piece: this runs for each event, and a call would cost as much as the work in it.
    def take(  # noqa: C901, PLR0912, PLR0915
        self, events: Sequence[Decoded | Notes], offsets: Sequence[int]
    ) -> list[tuple[int, Rejected]]:
        """Take in the messages at *offsets*; return the offsets of those refused, and why.

        Messages come in the order of their offsets, each once; offsets may have gaps. Do not hand
        in a message again that was taken in before (its offset is below `ledger.next_offset`).
        After an error, `ledger.next_offset` is the offset of the message that caused it.
        """
        # Looked up once and counted here: changing the ledger for each message costs more.
        ledger, watermark, lateness_seconds = self.ledger, self.watermark, self._lateness_seconds
        entities, changed, before, live = self.entities, self._changed, self._before, self.live
        key_of, step, is_live, timed = self._key, self._step, self._is_live, self._timed
        count, legs, funnel = self._count, self._legs, self.funnel
        newest_at = _NEVER if watermark.newest_at is None else watermark.newest_at
        refused: list[tuple[int, Rejected]] = []
        deals: dict[str, tuple[Any, Any, int]] = {}
        applied = duplicate = out_of_order = 0
        self._touched = True
        run = None if self.run is None else self.run(self, events, offsets)
        try:
            for event, offset in zip(events, offsets, strict=True) if run is None else run:
                if run is not None:
                    newest_at = run.newest_at
                # Not isinstance: to answer no, it goes through Struct's metaclass: slow.
                if type(event) is not Event:
                    if type(event) is Rejected:
                        refused.append((offset, event))
                    else:
                        ledger.next_offset = offset + 1
                        newest_at = self._take_other(cast("Notes | Erasure", event), newest_at)
                    continue
                at = event.at
                if at > newest_at:
                    newest_at = watermark.newest_at = at
                    if at >= self._close_at:
                        # By event time: what is closed does not depend on when it is read.
                        ledger.next_offset = offset + 1
                        self.close()
                elif at < newest_at - lateness_seconds:
                    refused.append((offset, _TOO_LATE))
                    continue
                elif at < newest_at:
                    out_of_order += 1
                key = event.subject if key_of is None else key_of(event)
                old: Any = entities.get(key)
                new, facts = step(old, event, newest_at - lateness_seconds)
                if new is old:
                    duplicate += 1
                    continue
                applied += 1
                if before is not None and key not in before:
                    before[key] = old
                if event.causation_id is not None and getattr(new, "corrected", None) is not None:
                    ledger.corrected(is_met=is_met(old, event, newest_at - lateness_seconds))
                    new = with_moved(new, event, offset, facts, self.grains)
                entities[key] = changed[key] = new
                if is_live is not None:
                    if is_live(new):
                        live[key] = new
                    elif key in live:
                        del live[key]
                if old is None:
                    self._expiry.add(key, new)
                if timed is not None:
                    self._due.expect(key, timed.due_at(new))
                if facts:
                    closed_facts = count(facts)
                    # Imported history is old by nature.
                    if closed_facts and type(event.data) is not DealImported:
                        ledger.closed_facts += closed_facts
                if legs is not None and (new.leg > 1 or event.subject in legs.calls):
                    legs.add(key)
                    self._replace(legs.updated(event.subject, entities))
                if funnel is not None:
                    # Counted below, and once: that costs more than several changes of a deal.
                    deals[key] = (deals[key][0] if key in deals else old), new, offset
            if funnel is not None:
                for key, (old, new, offset) in deals.items():  # noqa: B007 - for an error
                    funnel.changed(key, old, new)
        except BaseException:
            ledger.next_offset = offset if run is None else run.offset
            raise
        if offsets:
            ledger.next_offset = offsets[-1] + 1
        if run is not None:
            applied += run.applied
            out_of_order += run.out_of_order
        ledger.consumed += len(offsets)
        ledger.applied += applied
        ledger.duplicate += duplicate
        ledger.out_of_order += out_of_order
        for _, rejected in refused:
            ledger.refused(rejected)
        return refused

    def _take_other(self, message: Notes | Erasure, newest_at: float) -> float:
        """Take in notes or an erasure; return how far event time has come."""
        if type(message) is Notes:
            self._take_notes(message)
            return self.watermark.newest_at or newest_at
        self._erase(cast("Erasure", message))
        return newest_at

    def _take_notes(self, notes: Notes) -> None:
        """Take in what another partition says about customers. It counts as one message."""
        self._advance(notes.at)
        entities, is_new, horizon_at = self.entities, False, self.watermark.at or 0.0
        run = None if self.notes_run is None else self.notes_run(self, notes.notes, horizon_at)
        some = notes.notes if run is None else run
        for key, customer, facts in told(some, entities, horizon_at):
            is_new = True
            if key not in entities:
                self._expiry.add(key, customer)
            entities[key] = self._changed[key] = customer
            if is_live(customer):
                self.live[key] = customer
            elif key in self.live:
                del self.live[key]
            self._due.expect(key, customer.due_at)
            self.ledger.closed_facts += self._count(facts)
        if is_new or (run is not None and run.is_news):
            self.ledger.applied += 1
        else:
            self.ledger.duplicate += 1

    def _advance(self, at: float) -> None:
        newest_at = self.watermark.newest_at
        if newest_at is None or at > newest_at:
            self.watermark.newest_at = at
            if at >= self._close_at:
                self.close()
        elif at < newest_at:
            self.ledger.out_of_order += 1

    def _erase(self, erasure: Erasure) -> None:
        """Forget a customer. Their counts stay, because counts name nobody."""
        if erase(erasure.token, self.entities, self.live, self._changed):
            self.ledger.applied += 1
        else:
            self.ledger.duplicate += 1
