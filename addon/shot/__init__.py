"""Shots: a character's blocks, saved with the file, and the job that makes them or some of them again."""
