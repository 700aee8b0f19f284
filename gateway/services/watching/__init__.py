"""A drop folder: exports that somebody lays down there are loaded once each, and put away with what became of them."""
