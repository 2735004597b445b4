"""Clips and their captions, which training and evaluation both read."""
