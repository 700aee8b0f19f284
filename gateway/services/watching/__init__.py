"""A drop folder: what somebody lays down there is loaded, and put away with what became of it."""
