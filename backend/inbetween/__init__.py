"""In-betweening: interpolation of keyed poses, the transition model that improves on it, exact keys, planted feet."""
