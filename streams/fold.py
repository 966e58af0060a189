"""The fold: one source partition's messages, in their order, into entities, panes and a ledger.

Deterministic: the same messages from the same offset on give the same state, whatever the size of
the batches. It knows neither Kafka nor time of day; both are handed in.
"""

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


class Fold(FoldState):
    """The state of one source partition, and how messages change it."""

    # In one piece: this is done for each event, and a call costs as much as what it would do.
    def apply(  # noqa: C901, PLR0912, PLR0915
        self, event: Decoded | Notes, offset: int
    ) -> Rejected | None:
        """Take in the message at *offset*; return why it was refused, or None.

        Messages come in the order of their offsets, each once; offsets may have holes. A message
        that was in already (its offset is under `ledger.next_offset`) must not be handed in again.
        """
        ledger = self.ledger
        ledger.next_offset = offset + 1
        ledger.consumed += 1
        self._touched = True
        # Not isinstance: to say no, that takes the long way round by Struct's metaclass.
        if type(event) is not Event:
            if type(event) is Notes:
                self._take_notes(event)
                return None
            if type(event) is Erasure:
                self._erase(event)
                return None
            return ledger.refused(cast("Rejected", event))
        watermark, at = self.watermark, event.at
        newest_at = watermark.newest_at
        if newest_at is None or at > newest_at:
            newest_at = watermark.newest_at = at
            if at >= self._close_at:
                # By event time: what is closed does not depend on when somebody looks.
                self.close()
        elif at < newest_at - self._lateness_seconds:
            return ledger.refused(Rejected(Reason.TOO_LATE, "$.time"))
        elif at < newest_at:
            ledger.out_of_order += 1
        key_of, entities = self._key, self.entities
        key = event.subject if key_of is None else key_of(event)
        old: Any = entities.get(key)
        new, facts = self._step(old, event, newest_at - self._lateness_seconds)
        if new is old:
            ledger.duplicate += 1
            return None
        ledger.applied += 1
        before, timed = self._before, self._timed
        if before is not None and key not in before:
            before[key] = old
        if event.causation_id is not None and getattr(new, "corrected", None) is not None:
            ledger.corrected(is_met=is_met(old, event, newest_at - self._lateness_seconds))
            new = with_moved(new, event, offset, facts, self.grains)
        entities[key] = self._changed[key] = new
        is_live = self._is_live
        if is_live is not None:
            if is_live(new):
                self.live[key] = new
            elif key in self.live:
                del self.live[key]
        if old is None:
            self._expiry.add(key, new)
        if timed is not None:
            self._due.expect(key, timed.due_at(new))
        if facts:
            closed_facts = self._count(facts)
            if closed_facts and type(event.data) is not DealImported:  # that is meant to be old
                ledger.closed_facts += closed_facts
        legs = self._legs
        if legs is not None and (new.leg > 1 or event.subject in legs.calls):
            legs.add(key)
            self._replace(legs.updated(event.subject, entities))
        if self.funnel is not None:
            self.funnel.changed(key, old, new)
        return None

    def _take_notes(self, notes: Notes) -> None:
        """Take in what another partition says to customers. It is counted as one message."""
        self._advance(notes.at)
        entities, is_new = self.entities, False
        for key, customer, facts in told(notes, entities, self.watermark.at or 0.0):
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
        if is_new:
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
        """Forget a customer. What was counted of them stays: it names nobody."""
        if erase(erasure.token, self.entities, self.live, self._changed):
            self.ledger.applied += 1
        else:
            self.ledger.duplicate += 1
