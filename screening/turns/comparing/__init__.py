"""Two models or two runs beside each other: which is better, what changed, and how sure that is."""
