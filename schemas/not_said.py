"""What numbers do not say, though it is easily read into them: for the page, boards, `explain`."""

from collections.abc import Mapping

NOT_SAID: Mapping[str, str] = {
    "calls_offered": "How many customers called: one who tries three times counts three times.",
    "calls_abandoned": "Why they hung up. Calls that ended in the voice menu are not among them.",
    "service_level_answered_of_answered": "Anything about those who gave up.",
    "service_level_handled_of_offered": "That the customer was served: giving up early counts.",
    "service_level_answered_of_offered": "How long the others waited beyond the target.",
    "service_level_answered_less_short": "Why the short abandons hung up; a full queue makes more.",
    "service_level_answered_less_early": "How many gave up before the target was reached.",
    "abandonment": "Anything per rep or team: who gives up has met nobody.",
    "average_speed_of_answer_seconds": "How long anybody waited: a mean hides the long waits.",
    "service_level_answered_of_offered_best": "Anything once nobody waits: then it is the value.",
    "service_level_answered_of_offered_by_end": "How those who came in that interval fared.",
    "average_speed_of_answer_since_arrival_seconds": "Time in talk on earlier legs; only waiting.",
    "concurrent_contacts": "Anything exact for minutes: contacts count at their arrival.",
    "outbound_abandonment": "Hang-ups of the customer within 2 seconds; they are not counted.",
    "average_handle_time_seconds": "Whether the call solved anything; shorter is not better.",
    "answered_wait_p50_seconds": "The wait of those who gave up; exact only at the bounds.",
    "answered_wait_p90_seconds": "The wait of those who gave up; exact only at the bounds.",
    "occupancy": "That there is too little work or too much: see also the waiting calls.",
    "utilisation": "That the rest was idle: meetings and training are pauses, too.",
    "connect_rate": "That the right person answered.",
    "meetings_booked": "That they will be held.",
    "missed_call_closure": "That nobody wrote or met them: only an outbound call is a call back.",
    "first_contact_resolution_24h": "That they did not write or come: only calls are contacts.",
    "win_rate": "Anything about the deals still open; a young pipeline looks better or worse.",
    "activity_volume": "That any of it worked.",
}
"""KPI -> what it does not say."""
