"""Keyed poses: which are kept, and what the character looks like on a frame."""
