"""A model tries what its own clips show, checked on the joints: what its picker and its language model learn from."""
