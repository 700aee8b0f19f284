"""The people who sign in: how they are invited, what each role may do, which students a partner's staff may open."""
