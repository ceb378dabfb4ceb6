"""Jobs: records and states, the fair queue, stored and coalesced output, the scheduler."""
