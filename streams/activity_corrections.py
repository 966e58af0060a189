"""What of an activity or a lead was corrected, or taken back.

Of each type there is one statement, so a correction takes the place of whatever was told of its
type, before it or after.
"""

import msgspec

from schemas.events import Event
from streams.activity_state import Activity, ActivityCorrected, said_of
from streams.corrections import correction_of, in_force, said, with_correction

ACTIVITY_RETRACTED = "activity.retracted"
LEAD_RETRACTED = "lead.retracted"
RETRACTED = frozenset((ACTIVITY_RETRACTED, LEAD_RETRACTED))


def corrected_by(activity: Activity, event: Event) -> Activity:
    """Return the activity with one more correction; the same object if that is known."""
    known = activity.corrected or ActivityCorrected(activity, ())
    statement = getattr(event.data, "statement", None) or event.type
    one = correction_of(event, statement, takes_back=event.type in RETRACTED)
    corrections = with_correction(known.corrections, one)
    if corrections is known.corrections:
        return activity
    return _effective(msgspec.structs.replace(known, corrections=corrections))


def told(activity: Activity, base: Activity) -> Activity:
    """Return a corrected activity of which something else was told without correcting anything."""
    corrected = activity.corrected
    if corrected is None:
        return base
    return _effective(msgspec.structs.replace(corrected, base=base))


def _effective(corrected: ActivityCorrected) -> Activity:
    base, corrections = corrected.base, corrected.corrections
    valid = in_force(corrections)
    counting = {one.type: one for one in base.said}
    if any(one.kind in RETRACTED for one in valid):
        counting.clear()
    for kind in {one.kind for one in valid}:
        counting.pop(kind, None)
        # Of several the earliest counts, and of those with one time the first by its text.
        now = [said_of(said(one)) for one in valid if one.kind == kind and one.data is not None]
        if now:
            counting[kind] = min(now)
    heard_of = {*base.counted, *(one.kind for one in corrections)}
    last_at = max(base.last_at, *(one.at for one in corrections))
    return msgspec.structs.replace(
        Activity.of(counting.values(), last_at, heard_of), corrected=corrected
    )
