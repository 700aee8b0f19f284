"""Why something leaves or does not: every determining clause, and plain sentences beside the machine form."""
