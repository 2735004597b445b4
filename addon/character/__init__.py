"""A character: its rig, which bone plays which joint, what is keyed, its own settings."""
