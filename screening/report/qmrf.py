"""The QSAR model reporting format: the five OECD principles, filled from the model file."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from screening.evaluation import quality_sentence, values_sentence
from screening.evaluation.metrics import METRICS
from screening.learners.blend import Blend
from screening.learners.options import DESCRIPTORS, KERNEL
from screening.learners.options import FOREST as FOREST_VOICE
from screening.model import FOREST, SHIPPED, ScreeningModel
from screening.report.page import figure_text
from screening.tables import write_atomically

_STATED = "To be stated by the author of the model:"
_PURPOSE = (
    "ranking purchasable compounds before testing; not for decisions on safety, and not for "
    "compounds outside its domain"
)
_BLENDING = (
    "Networks and other voices are added in units of their spread over held-out compounds, with "
    "weights learned from the same compounds and drawn towards equal ones ({weights}). "
)
_NEAR = (
    "The weight of the ridge regression is times the similarity to the nearest training compound; "
    "the others share the rest. "
)
_VOICES = {
    FOREST_VOICE: "a random forest",
    DESCRIPTORS: "a forest of the descriptors alone",
    KERNEL: "a ridge regression on Tanimoto similarities of Morgan bits",
}


@dataclass
class QmrfSection:
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


def qmrf_sections(model: ScreeningModel) -> list[QmrfSection]:
    """Return the sections in the order of the format.

    References
    ----------
    OECD 2007, Guidance document on the validation of (Q)SAR models, ENV/JM/MONO(2007)2.
    """
    return [
        QmrfSection("1", "Identity of the model", _identity(model)),
        QmrfSection("2", "A defined endpoint (principle 1)", _endpoint(model)),
        QmrfSection(
            "3", "An unambiguous algorithm (principle 2)", _algorithm(model), _blocks(model)
        ),
        QmrfSection("4", "A defined domain of applicability (principle 3)", _domain(model)),
        QmrfSection(
            "5",
            "Goodness of fit, robustness and predictivity: internal (principle 4)",
            _internal(model),
            _figures(model),
        ),
        QmrfSection("6", "Predictivity: external (principle 4)", _external()),
        QmrfSection(
            "7", "A mechanistic interpretation, if possible (principle 5)", _mechanism(model)
        ),
        QmrfSection("8", "Training set", _training_set(model)),
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
        ("weights in the blend", _weights(model)),
        ("quality", f"{quality} ({model.quality.get('protocol', 'not recorded')})"),
        *([("values", " ".join(_values_said(model)))] if model.values else []),
        ("domain", _limits(model)),
        ("labels taught", _taught(model)),
        ("features", ", ".join(options.features)),
        (
            "features of the forest alone",
            ", ".join(options.forest_blocks[len(options.features) :]) or "-",
        ),
        ("standardisation", options.standardize),
        ("seed", str(options.seed)),
        ("versions", _versions(model)),
        ("command", str(origin.get("command", "not recorded"))),
        ("data SHA-256", str(origin.get("data_hash", "not recorded"))),
        ("file SHA-256", model.model_hash or "not stored yet"),
        ("meant for", _PURPOSE),
    ]


def _shape(model: ScreeningModel) -> str:
    options, blend = model.options, model.blend
    start = "started from random weights, without pretraining"
    if options.pretrain == "rbm":
        start = "pretrained greedily as RBMs"
    layers = "-".join(str(size) for size in options.hidden)
    words = (
        f"an ensemble of {options.ensemble_size} deep belief networks (hidden layers {layers}, "
        f"{options.units}), {start}, then fine-tuned"
    )
    if blend is None:
        return words
    return f"{words}, blended for each task with {_others(blend)}"


def _others(blend: Blend) -> str:
    *first, last = (_VOICES[name] for name in blend.names)
    return f"{', '.join(first)} and {last}" if first else last


def _weights(model: ScreeningModel) -> str:
    """Return what each voice is worth in each task, in words."""
    if model.blend is None:
        return "the networks alone"
    tasks = model.blend.described(model.tasks)
    worth = {t: ", ".join(f"{name} {w:.2f}" for name, w in own.items()) for t, own in tasks.items()}
    return "; ".join(f"{task}: {own}" for task, own in worth.items())


def _sentence(model: ScreeningModel) -> str:
    shape = _shape(model)
    return shape[0].upper() + shape[1:]


def _taught(model: ScreeningModel) -> str:
    if model.options.labels == "hard" or np.isnan(model.training.values).all():
        return "active and inactive"
    return "graded by how far the measured value lies from the threshold"


def _limits(model: ScreeningModel) -> str:
    return (
        f"inside when at least {model.domain.similarity_limit:.2f} similar to an assay compound "
        "(Tanimoto, Morgan radius 2)"
    )


def _versions(model: ScreeningModel) -> str:
    return ", ".join(f"{k} {v}" for k, v in model.provenance.get("versions", {}).items())


def _identity(model: ScreeningModel) -> list[str]:
    return [
        f"{_sentence(model)}, for {', '.join(model.tasks)}.",
        f"Software: {_versions(model)}. Model file SHA-256: {model.model_hash or 'none yet'}.",
        f"{_STATED} author, date of release, title of the assay.",
    ]


def _endpoint(model: ScreeningModel) -> list[str]:
    source = model.provenance.get("source", "a file that was not recorded")
    notes = model.provenance.get("ledger", {}).get("notes", [])
    return [
        f"Active or inactive in {', '.join(model.tasks)}, as measured in {source}.",
        *(str(note) for note in notes),
        f"{_STATED} species, protocol of the assay, units, reference.",
    ]


def _algorithm(model: ScreeningModel) -> list[str]:
    options = model.options
    epochs = options.pretrain_epochs if options.pretrain == "rbm" else 0
    training = (
        f"{_sentence(model)}. Each network sees all compounds and "
        f"{100 * options.column_share:.0f} % of the columns; at most {epochs} epochs of "
        "contrastive divergence a layer, shared by all of them, at most "
        f"{options.epochs} epochs of fine-tuning, dropout {options.dropout:g} and "
        f"{options.input_dropout:g} on the input, learning rate {options.learning_rate:g}, "
        f"weight decay {options.weight_decay:g}, batches of {options.batch_size}, "
        f"seed {options.seed}."
    )
    blending = "" if model.blend is None else _BLENDING.format(weights=_weights(model))
    if model.blend is not None and any(any(one.near) for one in model.blend.blendings):
        blending += _NEAR
    calibrations = "; ".join(
        f"{task}: slope {c.slope_against:.4f} against, "
        f"{c.slope_for:.4f} × similarity for, offset {c.offset:.4f}, base rate {c.base_rate:.4f}"
        for task, c in zip(model.tasks, model.calibrations, strict=True)
    )
    scoring = (
        f"Structures are standardised to the level “{options.standardize}” before anything is "
        f"computed. {blending}The mean logit becomes a probability by Platt scaling whose slope "
        "grows with the similarity to the nearest training compound, learned on held-out compounds "
        f"({calibrations})."
    )
    checking = (
        "The same model file gives the same scores on any machine: its file holds compounds with "
        "their scores, which are computed again whenever it is loaded."
    )
    return [training, scoring, *_valuing(model), checking]


def _valuing(model: ScreeningModel) -> list[str]:
    """Say how values are predicted, where they are."""
    if not model.values:
        return []
    weights = "; ".join(
        f"{task}: {', '.join(f'{name} {weight:.3f}' for name, weight in own.weights.items())}"
        for task, own in model.values.items()
    )
    said = (
        "Measured values are predicted by a kernel machine (ridge regression on the mean of "
        "Tanimoto kernels of substructure counts and a Gaussian kernel of descriptors) and a "
        "random forest, weighted by what they said of held-out compounds "
        f"({weights}). Intervals are conformal: errors of compounds left out, in units of a spread "
        "that grows with the distance to the nearest training compound."
    )
    return [said]


def _values_said(model: ScreeningModel) -> list[str]:
    found = model.quality.get("values", {})
    several = len(model.tasks) > 1
    return [
        f"{task}: {sentence}" if several else sentence
        for task, own in found.items()
        if (sentence := values_sentence(own, SHIPPED, FOREST))
    ]


def _blocks(model: ScreeningModel) -> list[list[str]]:
    rows = [
        [b.name, f"{b.columns.stop - b.columns.start} {b.encoding} units"]
        for b in model.encoder.blocks()
    ]
    return [["descriptor block", "columns seen by the network"], *rows]


def _domain(model: ScreeningModel) -> list[str]:
    novelty = (
        "Each prediction also carries a novelty, which decides nothing here: the free energy of an "
        "RBM of the assay’s compounds, less what independent bits explain, so that size alone does "
        "not decide it. And it carries class-conditional (Mondrian) conformal p-values."
    )
    share = "The limit leaves 5 % of the held-out assay compounds outside."
    return [f"A compound is {_limits(model)}. {share}", novelty]


def _internal(model: ScreeningModel) -> list[str]:
    protocol = (
        f"{model.quality.get('protocol', 'No protocol was recorded')}; baselines on the same "
        "folds, the forest on all features and the logistic regression on the networks', all "
        "figures from probabilities."
    )
    tasks = model.quality.get("tasks", {}).values()
    found = (quality_sentence(figures, SHIPPED, FOREST) for figures in tasks)
    return [protocol, *filter(None, found), *_values_said(model)]


def _figures(model: ScreeningModel) -> list[list[str]]:
    rows = [
        [task, name, *(figure_text(values.get(key)) for key in METRICS)]
        for task, figures in model.quality.get("tasks", {}).items()
        for name, values in figures.items()
    ]
    return [["task", "model", *(metric.name for metric in METRICS.values())], *rows]


def _external() -> list[str]:
    return [f"{_STATED} results on compounds tested after the model was made. The file holds none."]


def _mechanism(model: ScreeningModel) -> list[str]:
    explained = ", ".join(name for name in model.options.features if name != "descriptors")
    learned = (
        "None is assumed: the model learns from structures alone. Each prediction can be traced "
        "to atoms: the contribution of an atom is the fall of the predicted log odds when every "
        f"substructure that holds it is taken out of the fingerprints ({explained})."
    )
    known = (
        f"{_STATED} what is known of the target’s binding site and whether the coloured atoms "
        "agree with it."
    )
    return [learned, known]


def _training_set(model: ScreeningModel) -> list[str]:
    ledger: dict[str, Any] = model.provenance.get("ledger", {})
    kept = (
        f"{len(model.training):,} compounds are in the model file with structure, name, label and "
        f"held-out prediction. Of {ledger.get('read', 0):,} rows read, "
        f"{len(ledger.get('rejects', [])):,} could not be used and "
        f"{len(ledger.get('conflicts', [])):,} structures had contradicting labels."
    )
    data_hash = model.provenance.get("data_hash", "not recorded")
    return [kept, f"SHA-256 of structures and labels: {data_hash}."]


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
