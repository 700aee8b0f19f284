"""Whether a request keeps the promise: pure decisions derived from signed agreements."""
