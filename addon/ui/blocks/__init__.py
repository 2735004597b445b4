"""Blocks on the timeline and in the sidebar: drawn, dragged, typed, split, made again."""
