"""Models that predict measured values alone, and know no classes."""
