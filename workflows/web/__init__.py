"""`ebmscreen serve`: pages over a folder of assays, libraries, models and runs."""
