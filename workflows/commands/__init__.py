"""One file a command: its options, and a few calls into the rooms that do the work."""
