"""Kernels: how alike compounds are, as machines that compare with known ones need it."""
