"""The public register of agreements: pages, tables and data that anybody may read, served and written to files."""
