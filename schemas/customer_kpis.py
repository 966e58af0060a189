"""KPIs by customer: repeat contacts, first-contact resolution, calls back."""

from schemas import measures as m
from schemas.formulas import Kpi, Ratio, total
from schemas.measure import Unit

CUSTOMER_KPIS: tuple[Kpi, ...] = (
    total(
        m.CONTACTS,
        "Contacts",
        "Inbound calls of known customers; all legs of a contact count once.",
    ),
    Kpi(
        "repeat_contact_rate_24h",
        "Repeat contacts (24 h)",
        Unit.RATIO,
        Ratio((m.CONTACTS_PRECEDED_24H,), (m.CONTACTS,)),
        "Share of contacts within 24 h after another one of the same customer.",
        "Genesys Cloud, Amazon Connect: repeat contacts",
        better="lower",
    ),
    Kpi(
        "repeat_contact_rate_7d",
        "Repeat contacts (7 d)",
        Unit.RATIO,
        Ratio((m.CONTACTS_PRECEDED_7D,), (m.CONTACTS,)),
        "Share of contacts within 7 d after another one of the same customer.",
        "Genesys Cloud, Amazon Connect: repeat contacts",
        better="lower",
    ),
    Kpi(
        "first_contact_resolution_24h",
        "First-contact resolution (24 h)",
        Unit.RATIO,
        Ratio((m.CONTACTS_RESOLVED_24H,), (m.CONTACTS_SETTLED_24H,)),
        "Final: of contacts whose 24 h have passed, the share that no other of the customer "
        "followed.",
        "COPC CX Standard; docs/KPIS.md",
        better="higher",
    ),
    Kpi(
        "first_contact_resolution_7d",
        "First-contact resolution (7 d)",
        Unit.RATIO,
        Ratio((m.CONTACTS_RESOLVED_7D,), (m.CONTACTS_SETTLED_7D,)),
        "Final: of contacts whose 7 d have passed, the share that no other of the customer "
        "followed.",
        "COPC CX Standard; docs/KPIS.md",
        better="higher",
    ),
    Kpi(
        "followed_so_far_24h",
        "Followed so far (24 h)",
        Unit.RATIO,
        Ratio((m.CONTACTS_FOLLOWED_24H,), (m.CONTACTS,)),
        "Provisional: share of contacts followed by another within 24 h; it can only grow.",
        "docs/KPIS.md",
        better="lower",
    ),
    Kpi(
        "followed_so_far_7d",
        "Followed so far (7 d)",
        Unit.RATIO,
        Ratio((m.CONTACTS_FOLLOWED_7D,), (m.CONTACTS,)),
        "Provisional: share of contacts followed by another within 7 d; it can only grow.",
        "docs/KPIS.md",
        better="lower",
    ),
    total(m.CONTACTS_MISSED, "Missed", "Contacts that nobody answered, in any leg."),
    Kpi(
        "missed_call_closure",
        "Missed-call closure",
        Unit.RATIO,
        Ratio((m.MISSED_SETTLED_CALLED_BACK,), (m.MISSED_SETTLED,)),
        "Final: of missed contacts whose 24 h have passed, the share called back in that time.",
        "called back / missed, after 24 h",
        better="higher",
    ),
    Kpi(
        "missed_call_reach",
        "Missed calls reached",
        Unit.RATIO,
        Ratio((m.MISSED_SETTLED_REACHED,), (m.MISSED_SETTLED,)),
        "Final: of missed contacts whose 24 h have passed, the share called back and reached.",
        "reached / missed, after 24 h",
        better="higher",
    ),
    Kpi(
        "missed_call_closure_so_far",
        "Called back so far",
        Unit.RATIO,
        Ratio((m.MISSED_CALLED_BACK,), (m.CONTACTS_MISSED,)),
        "Provisional: share of missed contacts called back within 24 h.",
        "called back / missed",
        better="higher",
    ),
)
