"""Every row of a table predicted and given back: in its order, as a file, or on a terminal."""

from screening.predictions.given import GivenCompounds
from screening.predictions.listing import listing
from screening.predictions.rows import PredictedRows, RowPiece, predict_tables, predicted_rows
from screening.predictions.writing import check_output, write_rows, write_short

__all__ = [
    "GivenCompounds",
    "PredictedRows",
    "RowPiece",
    "check_output",
    "listing",
    "predict_tables",
    "predicted_rows",
    "write_rows",
    "write_short",
]
