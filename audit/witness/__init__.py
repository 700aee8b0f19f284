"""A witness: cosigns the checkpoints of logs it knows, if they continue what it saw before (C2SP tlog-witness)."""
