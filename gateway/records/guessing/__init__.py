"""Drafting a mapping for an export nobody has described: from its headers, and from how its cells are written."""
