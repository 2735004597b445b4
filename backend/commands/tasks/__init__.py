"""Commands that run a task on a model, one module each."""
