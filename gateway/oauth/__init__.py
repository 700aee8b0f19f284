"""Who is asking: client authentication, tokens bound to a key, and the check of both on every partner request."""
