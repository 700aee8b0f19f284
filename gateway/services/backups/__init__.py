"""Copies of the database that can be checked, and a database made from one."""
