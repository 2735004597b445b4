"""Training clips made from real ones: paths, distances, speeds, manners of walking, counts, and sequences of actions."""
