"""Motion from the canonical skeleton to a rig, and back."""
