"""One plain tag for each compound: what may be said of it in two or three words."""

from __future__ import annotations

LIKELY_ACTIVE = "likely active"
CANNOT_TELL = "cannot tell"
LIKELY_INACTIVE = "likely inactive"
UNLIKE = "unlike anything tested"

TAGS = (LIKELY_ACTIVE, CANNOT_TELL, LIKELY_INACTIVE, UNLIKE)

_BY_SET = {
    "active": LIKELY_ACTIVE,
    "inactive": LIKELY_INACTIVE,
    "either": CANNOT_TELL,
    "neither": UNLIKE,
}


def tag_of(prediction_set: str, in_domain: bool) -> str:
    """Return what may be said of a compound in plain words, one of `TAGS`.

    Parameters
    ----------
    prediction_set
        `active`, `inactive`, `either` or `neither`.
    in_domain
        Whether it lies in the applicability domain. Outside it the tag says so and nothing else:
        the risk of a prediction set holds for compounds like those of the assay.

    Examples
    --------
    >>> from screening.hits import tag_of
    >>> tag_of("active", True), tag_of("either", True), tag_of("active", False)
    ('likely active', 'cannot tell', 'unlike anything tested')
    """
    return _BY_SET[prediction_set] if in_domain else UNLIKE
