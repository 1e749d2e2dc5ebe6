"""How the experiments train.

Read `stages` and `epochs` (what is kept of a training), `reconstruction` and `pretraining` (of a
stack of RBMs), `supervised` and `protocols` (of a network on labels).
"""
