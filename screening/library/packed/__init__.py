"""Packed libraries: Morgan counts for a first pass, and beside them the rows as text."""
