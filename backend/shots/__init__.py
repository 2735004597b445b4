"""Shots: several actions after each other, each a block with its text, its length and its numbers."""
