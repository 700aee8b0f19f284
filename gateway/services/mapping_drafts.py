"""For the steward of an export that nobody has described: a mapping is drafted, and tried. No database is needed."""

from gateway.records.guessing.draft import Draft, draft_mapping
from gateway.records.guessing.trial import Trial, try_mapping

__all__ = ["Draft", "Trial", "draft_mapping", "try_mapping"]
