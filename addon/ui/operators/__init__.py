"""The operators behind the panel's buttons."""
