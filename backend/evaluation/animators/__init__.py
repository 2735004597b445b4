"""Prompts as animators type them, and checks on the joints that say whether a motion does what they ask."""
