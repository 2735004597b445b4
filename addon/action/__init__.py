"""Actions: F-curves, new actions, generated keys between kept ones."""
