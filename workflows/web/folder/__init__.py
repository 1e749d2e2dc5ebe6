"""The folder that is served: paths that stay inside it, what lies there, files that come."""

from workflows.web.folder.contents import Contents, look
from workflows.web.folder.paths import Folder, OutsideError
from workflows.web.folder.uploads import TooLargeError, receive, safe_name

__all__ = [
    "Contents",
    "Folder",
    "OutsideError",
    "TooLargeError",
    "look",
    "receive",
    "safe_name",
]
