"""What overrides the keys of a character: found, named, and switched off when the user asks for it."""
