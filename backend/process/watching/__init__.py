"""Seeing what a backend does: figures, Prometheus' text, a bundle for reports of faults."""
