"""The sidebar's part on paths, loops and pins."""
