"""Learners of measured values: a kernel machine and a forest, and how they are blended.

A voice is one of them. It learns standardised numbers: the values on the scale of `LearnedScale`,
less their mean, in units of their standard deviation.
"""
