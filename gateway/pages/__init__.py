"""What every page for people shares: its look, its files, its language, and how it is written out."""
