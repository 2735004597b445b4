"""Actions: F-curves, new actions, keys between those that stay."""
