"""Jobs: the record and its life, the fair queue, output kept and coalesced, the scheduler."""
