"""Data inside the page: JSON that no text in it can break out of."""

from __future__ import annotations

import json
import math
from typing import Any

from markupsafe import Markup

_ESCAPES = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"}


def island(data: Any) -> Markup:
    """Return JSON for a script element; signs that HTML or JavaScript would read are escaped."""
    text = json.dumps(finite(data), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    # Half of a surrogate pair cannot be written as UTF-8; a damaged name may hold one.
    text = text.encode("utf-8", "replace").decode("utf-8")
    return Markup(text.translate(_ESCAPES))  # noqa: S704


def finite(value: Any) -> Any:
    """Return the value with NaN and infinities, which JSON does not have, as null."""
    if isinstance(value, dict):
        return {str(key): finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    if hasattr(value, "item"):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value
