-- For reconciliation, which asks for calls by their end; and for calls of several legs.

CREATE INDEX call_over_at ON ringside.call (
    source,
    (
        CASE outcome
            WHEN 'answered' THEN least(ended_at, transferred_at)
            ELSE coalesce(abandoned_at, ended_at)
        END
    )
) WHERE direction = 'inbound' AND outcome IN ('answered', 'abandoned');
CREATE INDEX call_further_leg ON ringside.call (offered_at) WHERE leg > 1;
