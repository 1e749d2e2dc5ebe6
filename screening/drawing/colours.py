"""Colours of contributions: blue raises the score, orange lowers it; safe for colour-blind eyes."""

from __future__ import annotations

RAISES = (33, 113, 181)
LOWERS = (217, 119, 6)


def diverging(share: float) -> tuple[str, float]:
    """Return a hex colour and an opacity for a share in [-1, 1]; opacity carries the size."""
    strength = min(1.0, abs(share))
    red, green, blue = RAISES if share > 0 else LOWERS
    return f"#{red:02x}{green:02x}{blue:02x}", round(0.75 * strength, 3)
