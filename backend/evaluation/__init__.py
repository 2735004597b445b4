"""How good a model is: measures over the motion it generates, each with a definition that can be checked."""
