"""Jobs: the very commands, as processes that outlive the server, with a queue for the cores."""

from workflows.web.jobs.job import ACTIVE, Job, State
from workflows.web.jobs.progress import Progress, progress_of
from workflows.web.jobs.queue import Queue

__all__ = ["ACTIVE", "Job", "Progress", "Queue", "State", "progress_of"]
