"""A first pass over a packed library: a scout says which rows the full model should score."""
