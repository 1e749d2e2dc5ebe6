"""Experiments that show on the MNIST digits that the engine is right.

Read in this order: `digits` (the data), `inputs` (what the user chose), `training` (how networks
are trained and kept), `results` (numbers of the literature, tables, figures, the page), and
`experiments` (one for each command of `ebmscreen mnist`).
"""
