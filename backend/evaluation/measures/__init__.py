"""The field's measures, each over arrays or motions, each with its definition."""
