"""Every row of a table predicted and given back: in its order, as a file, or on a terminal."""

from screening.predictions.given import GivenCompounds
from screening.predictions.kept import forget, keep, read_kept, write_kept_sdf
from screening.predictions.listing import listing
from screening.predictions.rows import PredictedRows, RowPiece, predict_tables, predicted_rows
from screening.predictions.writing import check_output, write_rows, write_short

__all__ = [
    "GivenCompounds",
    "PredictedRows",
    "RowPiece",
    "check_output",
    "forget",
    "keep",
    "listing",
    "predict_tables",
    "predicted_rows",
    "read_kept",
    "write_kept_sdf",
    "write_rows",
    "write_short",
]
