"""The experiments, one for each command of `ebmscreen mnist`.

Read `rbm` and `dbn` with `with_and_without_pretraining`, then `tutorial_and_best`, `labels`,
`generative` with `generative_up_down`, and `likelihood` with `likelihood_models` and
`likelihood_estimates`; `everything` runs all of them.
"""
