-- The Aalen-Johansen estimate in SQL, step by step as in streams/incidence.py; a test compares them.
-- Run by `ringside db migrate` before the views.

-- The bounds of the 95 % interval of a share, by log(-log); NULL where nothing can be said.
CREATE OR REPLACE FUNCTION ringside.share_interval(share double precision, variance double precision)
RETURNS double precision[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN share > 0 AND share < 1 AND variance > 0 THEN ARRAY[
        power(share, exp(-1.959963984540054 * sqrt(variance) / (share * ln(share)))),
        power(share, exp(1.959963984540054 * sqrt(variance) / (share * ln(share))))
    ] END
$$;

-- Deals at risk at each age, and how many of them reached the end and were lost there, from age 0 on;
-- only ages after `after_age` count. No row if no deal ended. `undecided` were open past `last_age`.
CREATE OR REPLACE FUNCTION ringside.incidence(
    at_risk bigint[], reached bigint[], lost bigint[], after_age integer DEFAULT -1
) RETURNS TABLE (
    last_age integer,
    share_reached double precision,
    reached_variance double precision,
    reached_low double precision,
    reached_high double precision,
    share_lost double precision,
    lost_variance double precision,
    lost_low double precision,
    lost_high double precision,
    undecided double precision
)
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    n double precision;
    of_all double precision;
    of_this double precision[];
    survived double precision := 1;
    share double precision[] := '{0, 0}';
    weight double precision;
    square double precision := 0;
    square_f double precision[] := '{0, 0}';
    square_ff double precision[] := '{0, 0}';
    own double precision[] := '{0, 0}';
    crossed double precision[] := '{0, 0}';
    crossed_f double precision[] := '{0, 0}';
    variance double precision[] := '{0, 0}';
BEGIN
    FOR i IN greatest(after_age, -1) + 2 .. coalesce(cardinality(at_risk), 0) LOOP
        of_this := ARRAY[reached[i], lost[i]];
        of_all := of_this[1] + of_this[2];
        CONTINUE WHEN of_all = 0;
        last_age := i - 1;
        n := at_risk[i];
        FOR k IN 1 .. 2 LOOP
            share[k] := share[k] + survived * of_this[k] / n;
            IF n > of_all THEN
                weight := of_all / (n * (n - of_all));
                square_f[k] := square_f[k] + weight * share[k];
                square_ff[k] := square_ff[k] + weight * share[k] * share[k];
            END IF;
            own[k] := own[k] + survived ^ 2 * of_this[k] * (n - of_this[k]) / n ^ 3;
            weight := survived * of_this[k] / n ^ 2;
            crossed[k] := crossed[k] + weight;
            crossed_f[k] := crossed_f[k] + weight * share[k];
        END LOOP;
        IF n > of_all THEN
            square := square + of_all / (n * (n - of_all));
        END IF;
        survived := survived * (1 - of_all / n);
    END LOOP;
    IF last_age IS NULL THEN
        RETURN;
    END IF;
    FOR k IN 1 .. 2 LOOP
        variance[k] := greatest(0, share[k] ^ 2 * square - 2 * share[k] * square_f[k] + square_ff[k]
            + own[k] - 2 * (share[k] * crossed[k] - crossed_f[k]));
    END LOOP;
    share_reached := share[1];
    reached_variance := variance[1];
    reached_low := (ringside.share_interval(share[1], variance[1]))[1];
    reached_high := (ringside.share_interval(share[1], variance[1]))[2];
    share_lost := share[2];
    lost_variance := variance[2];
    lost_low := (ringside.share_interval(share[2], variance[2]))[1];
    lost_high := (ringside.share_interval(share[2], variance[2]))[2];
    undecided := greatest(0, 1 - share[1] - share[2]);
    RETURN NEXT;
END
$$;

-- The share reached and its variance of deals that were open after each age, from -1 (all) on, as
-- ringside.incidence gives them for one `after_age`: for all of them in one pass back from the end. With G
-- what is reached after an age, S what was open after it, and d of n at risk ended there, r of them
-- reached: share = G / S, and variance = sum over later ages of
-- d / (n (n - d)) G^2 + S'^2 r (n - r) / n^3 - 2 S' r / n^2 G, by S^2; S' is S of the age before.
CREATE OR REPLACE FUNCTION ringside.incidence_after(at_risk bigint[], reached bigint[], lost bigint[])
RETURNS TABLE (after_age integer, share_reached double precision, reached_variance double precision)
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    ages integer := coalesce(cardinality(at_risk), 0);
    survived double precision[] := array_fill(1::double precision, ARRAY[greatest(ages, 1)]);
    left_open double precision := 1;
    n double precision;
    r double precision;
    d double precision;
    later double precision := 0;
    total double precision := 0;
    has_ended boolean := false;
BEGIN
    FOR i IN 1 .. ages LOOP
        survived[i] := left_open;
        IF reached[i] + lost[i] > 0 THEN
            left_open := left_open * (1 - (reached[i] + lost[i]) / at_risk[i]::double precision);
        END IF;
    END LOOP;
    FOR i IN REVERSE ages .. 1 LOOP
        IF reached[i] + lost[i] > 0 THEN
            has_ended := true;
            n := at_risk[i];
            r := reached[i];
            d := r + lost[i];
            IF n > d THEN
                total := total + d / (n * (n - d)) * later ^ 2;
            END IF;
            total := total + survived[i] ^ 2 * r * (n - r) / n ^ 3 - 2 * survived[i] * r / n ^ 2 * later;
            later := later + survived[i] * r / n;
        END IF;
        IF has_ended AND survived[i] > 0 THEN
            after_age := i - 2;
            share_reached := later / survived[i];
            reached_variance := greatest(0, total / survived[i] ^ 2);
            RETURN NEXT;
        END IF;
    END LOOP;
END
$$;
