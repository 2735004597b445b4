"""Blender without a window: loads characters, retargets motions to them, writes files and pictures."""
