"""The demo: a fictional district, two partners, and the story of one allowed and several refused requests."""
