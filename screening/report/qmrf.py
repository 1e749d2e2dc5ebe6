"""The QSAR model reporting format: the five OECD principles, filled from the model file."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from screening.evaluation import METRICS
from screening.model import SHIPPED, ScreeningModel
from screening.report.page import figure_text
from screening.report.panels.quality import beside_the_forest
from screening.tables import write_atomically

_STATED = "To be stated by the author of the model:"


@dataclass
class Section:
    """One heading of the QMRF.

    Attributes
    ----------
    number, title : str
    paragraphs : list of str
    rows : list of list of str
        A table; its first row is the head. Empty without a table.
    """

    number: str
    title: str
    paragraphs: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)


def qmrf_sections(model: ScreeningModel) -> list[Section]:
    """Return the sections in the order of the format.

    References
    ----------
    OECD 2007, Guidance document on the validation of (Q)SAR models, ENV/JM/MONO(2007)2.
    """
    return [
        _identity(model),
        _endpoint(model),
        _algorithm(model),
        _domain(model),
        _internal(model),
        _external(),
        _mechanism(model),
        _training_set(model),
    ]


def model_card(model: ScreeningModel) -> list[tuple[str, str]]:
    """Return the model in short: what it is, made from what, how good, how far it reaches."""
    options, origin = model.options, model.provenance
    rate = "; ".join(
        f"{task}: {c['active']:,} active, {c['inactive']:,} inactive"
        + (f", {c['missing']:,} missing" if c["missing"] else "")
        for task, c in origin.get("counts", {}).items()
    )
    quality = "; ".join(
        f"{task}: ROC-AUC {figures[SHIPPED]['roc_auc']:.3f}, "
        f"PR-AUC {figures[SHIPPED]['pr_auc']:.3f}"
        for task, figures in model.quality.get("tasks", {}).items()
        if SHIPPED in figures
    )
    return [
        ("predicts", ", ".join(model.tasks)),
        ("made from", str(origin.get("source", "not recorded"))),
        ("compounds", rate),
        ("is", _shape(model)),
        ("quality", f"{quality} ({model.quality.get('protocol', 'not recorded')})"),
        ("domain", _limits(model)),
        ("labels taught", _taught(model)),
        ("features", ", ".join(options.features)),
        ("features of the forest alone", ", ".join(options.blocks[len(options.features) :]) or "-"),
        ("standardisation", options.standardize),
        ("seed", str(options.seed)),
        ("versions", _versions(model)),
        ("command", str(origin.get("command", "not recorded"))),
        ("data SHA-256", str(origin.get("data_hash", "not recorded"))),
        ("file SHA-256", model.model_hash or "not stored yet"),
        (
            "meant for",
            (
                "ranking purchasable compounds before testing; not for decisions on safety, "
                "and not for compounds outside its domain"
            ),
        ),
    ]


def _shape(model: ScreeningModel) -> str:
    options = model.options
    start = (
        "pretrained greedily as RBMs"
        if options.pretrain == "rbm"
        else "started from random weights, without pretraining"
    )
    layers = "-".join(str(size) for size in options.hidden)
    return (
        f"an ensemble of {options.ensemble_size} deep belief networks (hidden layers {layers}, "
        f"{options.units}), "
        f"{start}, then fine-tuned{'' if model.forest_blend is None else _beside(model)}"
    )


def _taught(model: ScreeningModel) -> str:
    if model.options.labels == "hard" or np.isnan(model.training.values).all():
        return "active and inactive"
    return "graded by how far the measured value lies from the threshold"


def _beside(model: ScreeningModel) -> str:
    assert model.forest_blend is not None
    trees = max((len(forest) for forest in model.forest_blend.forests if forest), default=0)
    return f", blended with a random forest of {trees} trees for each task"


def _blending(model: ScreeningModel) -> str:
    if model.forest_blend is None:
        return ""
    return "Networks and forest are added in units of their spread over held-out compounds. "


def _limits(model: ScreeningModel) -> str:
    return (
        f"inside when at least {model.domain.similarity_limit:.2f} similar to an assay compound "
        f"(Tanimoto, Morgan radius 2) and no stranger to the RBM than "
        f"{model.domain.novelty_limit:.0f} % of held-out assay compounds"
    )


def _versions(model: ScreeningModel) -> str:
    return ", ".join(f"{k} {v}" for k, v in model.provenance.get("versions", {}).items())


def _identity(model: ScreeningModel) -> Section:
    return Section(
        "1",
        "Identity of the model",
        [
            f"{_shape(model)[0].upper()}{_shape(model)[1:]}, for {', '.join(model.tasks)}.",
            f"Software: {_versions(model)}. Model file SHA-256: {model.model_hash or 'none yet'}.",
            f"{_STATED} author, date of release, title of the assay.",
        ],
    )


def _endpoint(model: ScreeningModel) -> Section:
    notes = model.provenance.get("ledger", {}).get("notes", [])
    return Section(
        "2",
        "A defined endpoint (principle 1)",
        [
            (
                f"Active or inactive in {', '.join(model.tasks)}, as measured in "
                f"{model.provenance.get('source', 'a file that was not recorded')}."
            ),
            *(str(note) for note in notes),
            f"{_STATED} species, protocol of the assay, units, reference.",
        ],
    )


def _algorithm(model: ScreeningModel) -> Section:
    options = model.options
    rows = [["descriptor block", "columns seen by the network"]]
    rows += [
        [b.name, f"{b.columns.stop - b.columns.start} {b.encoding} units"]
        for b in model.encoder.blocks()
    ]
    calibrations = "; ".join(
        f"{task}: slope {c.slope_against:.4f} against, "
        f"{c.slope_for:.4f} × similarity for, offset {c.offset:.4f}, base rate {c.base_rate:.4f}"
        for task, c in zip(model.tasks, model.calibrations, strict=True)
    )
    return Section(
        "3",
        "An unambiguous algorithm (principle 2)",
        [
            (
                f"{_shape(model)[0].upper()}{_shape(model)[1:]}. Each network sees all compounds "
                f"and {100 * options.column_share:.0f} % of the columns; at most "
                f"{options.pretrain_epochs if options.pretrain == 'rbm' else 0} epochs of "
                f"contrastive divergence a layer, shared by all of them, at most {options.epochs} "
                f"epochs of fine-tuning, dropout "
                f"{options.dropout:g} and {options.input_dropout:g} on the input, learning rate "
                f"{options.learning_rate:g}, weight decay {options.weight_decay:g}, batches of "
                f"{options.batch_size}, seed {options.seed}."
            ),
            (
                f"Structures are standardised to the level “{options.standardize}” before "
                f"anything is computed. {_blending(model)}The mean logit becomes a probability by "
                f"Platt scaling whose slope grows with the similarity to the nearest training "
                f"compound, learned on held-out compounds ({calibrations})."
            ),
            (
                "The same model file gives the same scores on any machine: its file holds "
                "compounds "
                "with their scores, which are computed again whenever it is loaded."
            ),
        ],
        rows,
    )


def _domain(model: ScreeningModel) -> Section:
    return Section(
        "4",
        "A defined domain of applicability (principle 3)",
        [
            (
                f"A compound is {_limits(model)}. Both limits leave 5 % of the held-out assay "
                "compounds outside."
            ),
            (
                "Novelty is the free energy of an RBM of the assay’s compounds, less what "
                "independent "
                "bits explain, so that size alone does not decide it. Each prediction also carries "
                "class-conditional (Mondrian) conformal p-values."
            ),
        ],
    )


def _internal(model: ScreeningModel) -> Section:
    rows = [["task", "model", *(metric.name for metric in METRICS.values())]]
    sentences = []
    for task, figures in model.quality.get("tasks", {}).items():
        for name, values in figures.items():
            rows.append([task, name, *(figure_text(values.get(key)) for key in METRICS)])
        sentences.append(beside_the_forest(figures))
    return Section(
        "5",
        "Goodness of fit, robustness and predictivity: internal (principle 4)",
        [
            (
                f"{model.quality.get('protocol', 'No protocol was recorded')}; baselines on the "
                f"same folds, the forest on all features and the logistic regression on the "
                f"networks', all figures from probabilities."
            ),
            *(sentence for sentence in sentences if sentence),
        ],
        rows,
    )


def _external() -> Section:
    return Section(
        "6",
        "Predictivity: external (principle 4)",
        [f"{_STATED} results on compounds tested after the model was made. The file holds none."],
    )


def _mechanism(model: ScreeningModel) -> Section:
    explained = [name for name in model.options.features if name != "descriptors"]
    return Section(
        "7",
        "A mechanistic interpretation, if possible (principle 5)",
        [
            (
                "None is assumed: the model learns from structures alone. Each prediction can be "
                "traced "
                "to atoms: the contribution of an atom is the fall of the predicted log odds "
                "when every "
                f"substructure that holds it is taken out of the fingerprints "
                f"({', '.join(explained)})."
            ),
            (
                f"{_STATED} what is known of the target’s binding site and whether the coloured "
                f"atoms "
                "agree with it."
            ),
        ],
    )


def _training_set(model: ScreeningModel) -> Section:
    ledger: dict[str, Any] = model.provenance.get("ledger", {})
    return Section(
        "8",
        "Training set",
        [
            (
                f"{len(model.training):,} compounds are in the model file with structure, name, "
                f"label "
                "and held-out prediction. "
                f"Of {ledger.get('read', 0):,} rows read, {len(ledger.get('rejects', [])):,} "
                f"could not "
                f"be used and {len(ledger.get('conflicts', [])):,} structures had contradicting "
                f"labels."
            ),
            (
                f"SHA-256 of structures and labels: "
                f"{model.provenance.get('data_hash', 'not recorded')}."
            ),
        ],
    )


def write_qmrf(model: ScreeningModel, path: Path) -> Path:
    """Write the QMRF of a model as Markdown, which reads well as plain text too."""
    lines = [f"# QMRF: {_inline(', '.join(model.tasks))}", ""]
    lines += ["| | |", "|---|---|"]
    lines += [f"| {_inline(name)} | {_inline(value)} |" for name, value in model_card(model)]
    for section in qmrf_sections(model):
        lines += ["", f"## {section.number} {section.title}"]
        for paragraph in section.paragraphs:
            lines += ["", _inline(paragraph)]
        if section.rows:
            head, *rows = section.rows
            lines += ["", _row(head), f"|{'---|' * len(head)}", *(_row(row) for row in rows)]
    with write_atomically(path) as temporary:
        temporary.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    return path


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(_inline(cell) for cell in cells)} |"


def _inline(text: str) -> str:
    """Return text that Markdown shows as it is, on one line."""
    line = " ".join(text.split())
    for sign in "\\`*_[]<>|#":
        line = line.replace(sign, f"\\{sign}")
    return line
