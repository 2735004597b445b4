"""How good a model is: measures over its own motion, each with a definition that can be checked."""
