"""The words that captions are made of."""
