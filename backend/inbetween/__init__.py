"""What lies between keyed poses: interpolation, the transition model that improves on it, exact keys, planted feet."""
