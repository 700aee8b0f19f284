"""The slip that a family takes home: what it signed, took back or refused, what that changes, and how to check it."""
