"""Incidents at partners: what happened, whose records it may concern, and who must be told until when (row I1)."""
