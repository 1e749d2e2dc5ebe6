"""Who may ask the server for what: the door, the password, and the guard before every page."""

from workflows.web.safety.door import Door, is_local
from workflows.web.safety.guard import Guard
from workflows.web.safety.password import Password

__all__ = ["Door", "Guard", "Password", "is_local"]
