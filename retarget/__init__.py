"""Motion on any humanoid, in numpy: motion, files, rigs, and the solving between them."""
