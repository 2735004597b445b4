"""Training clips made from recorded ones: paths, distances, speeds, manners of walking, counts and sequences."""
