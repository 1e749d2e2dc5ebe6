"""Commands for when results come back: each is a module with a click command called `command`."""
