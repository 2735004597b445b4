"""What a model is asked to do, a file a command."""
