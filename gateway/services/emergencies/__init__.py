"""Emergency orders (34 CFR 99.36): registered, released by, ended, shown."""
