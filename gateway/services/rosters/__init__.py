"""Rosters that partners submit: read, matched by exact rules, and accepted by a named person of the district."""
