"""The accounting of disclosures for one student (34 CFR 99.32), and a copy of the records disclosed (99.30(c))."""
