"""
Every table of schema `records`, in one place for the migrations.

The tables stand apart by how they change: `facts` and `outcomes` by load (dated by batch), `standing` by entry of
the log (rosters, consents, opt-outs, placements, contested records), `release` by derivation and chance (population,
codes, subjects).
"""

from gateway.records import facts, outcomes, release, standing
from gateway.records.columns import metadata

ROOM = (facts, outcomes, standing, release)
"""Importing these files fills `metadata`."""

__all__ = ["ROOM", "facts", "metadata", "outcomes", "release", "standing"]
