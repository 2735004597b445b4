"""What a model knows, for people to look through."""
