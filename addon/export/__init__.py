"""Blender without a window: characters in, motions onto them, files and pictures out."""
