-- A missed call says whether it was we who closed it. In rows of before nobody did.

COMMENT ON COLUMN ringside.customer.missed IS
    'Calls that nobody answered: [{call_id, source, queue, arrived_at, missed_at, is_open, is_closed_by_us}, ...].';
