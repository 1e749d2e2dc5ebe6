"""The report: what to buy, why, and how sure, in one HTML file."""

from screening.report.drawn import Desk, Question, about_cards
from screening.report.explained import Explained, explained_picture
from screening.report.model_report import write_model_report
from screening.report.page import (
    card_script,
    data_of_page,
    hits_script,
    json_for_page,
    script_digest,
)
from screening.report.qmrf import QmrfSection, model_card, qmrf_sections, write_qmrf
from screening.report.run_folder import RunFolder, read_run
from screening.report.run_report import model_of, write_report
from screening.report.study_report import write_study_report

__all__ = [
    "Desk",
    "Explained",
    "QmrfSection",
    "Question",
    "RunFolder",
    "about_cards",
    "card_script",
    "data_of_page",
    "explained_picture",
    "hits_script",
    "json_for_page",
    "model_card",
    "model_of",
    "qmrf_sections",
    "read_run",
    "script_digest",
    "write_model_report",
    "write_qmrf",
    "write_report",
    "write_study_report",
]
