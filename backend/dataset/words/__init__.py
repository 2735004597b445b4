"""The words that captions are made of, as data files, and their reader."""
