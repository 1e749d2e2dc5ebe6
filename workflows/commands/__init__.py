"""One file a command: its options, and a few calls into the packages that do the work."""
