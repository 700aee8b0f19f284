"""Witnesses: who cosigns the log from elsewhere, getting their cosignatures, and stopping disclosure without them."""
