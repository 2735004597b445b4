"""The text-motion matching model, which judges motions and picks among candidates."""
