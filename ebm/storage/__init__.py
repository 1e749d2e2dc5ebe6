"""Models and stopped trainings in files: safetensors with JSON in the header, never pickle."""

from ebm.storage.arrays import ModelArrays
from ebm.storage.files import read_tensors, write_tensors
from ebm.storage.objects import from_state, load, save, to_state
from ebm.storage.resume import load_resume, run_with_checkpoints, save_resume

__all__ = [
    "ModelArrays",
    "from_state",
    "load",
    "load_resume",
    "read_tensors",
    "run_with_checkpoints",
    "save",
    "save_resume",
    "to_state",
    "write_tensors",
]
