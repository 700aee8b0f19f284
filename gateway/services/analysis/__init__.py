"""Analyses of one installation: what the rules in force come to, read in one snapshot and computed by `policies`."""
