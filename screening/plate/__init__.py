"""What to buy: a plate picked from the hits with a reason for each, as CSV, SDF and XLSX."""

from screening.plate.batches import MODES, Mode
from screening.plate.layout import LayoutOptions
from screening.plate.make import ASKS_NETWORKS, Plate, make_plate, write_plate
from screening.plate.pick import PlateOptions, pick_plate
from screening.plate.sdf import write_sdf
from screening.plate.spreadsheet import write_xlsx

__all__ = [
    "ASKS_NETWORKS",
    "MODES",
    "LayoutOptions",
    "Mode",
    "Plate",
    "PlateOptions",
    "make_plate",
    "pick_plate",
    "write_plate",
    "write_sdf",
    "write_xlsx",
]
