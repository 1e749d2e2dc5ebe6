"""Measured values: cells read, units brought to one, repeats combined."""
