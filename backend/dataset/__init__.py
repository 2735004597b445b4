"""Clips and what is said of them: below training and evaluation, which both read it."""
