"""Answering why: of a request, of an element over time, of one student; and showing and testing the rules."""
