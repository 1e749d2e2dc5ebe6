"""What is offered and has not been shown to help: said first on stderr, and in the help."""

from __future__ import annotations

# Begins the help of an option or command.
MARK = "Experimental."
# The figures: docs/decisions.md, "Pretraining on a library, and tuning".
TUNING = (
    "--tune is experimental: the project's own study found no gain beyond noise over the default, "
    "which is kept unless a search shows one on your assay."
)
PRETRAINING = (
    "Pretraining on a library is experimental: over ten assays with 50 to 200 labels it gained "
    "nothing beyond chance; `ebmscreen evaluate --pretrained` measures it on yours."
)
