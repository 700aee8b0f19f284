"""Drafts: written from answers, amended from what is in force, and reviewed before anybody signs."""
