"""Policy tests as files beside the agreements: what is given, and what is expected of the decision."""
