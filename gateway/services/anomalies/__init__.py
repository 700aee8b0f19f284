"""Unusual use, computed from the log: rules that are small and pure, each with a reason and the entries it rests on."""
