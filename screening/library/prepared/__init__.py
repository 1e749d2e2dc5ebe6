"""Prepared libraries: the chemistry done once, kept as Parquet, scored by any model."""
