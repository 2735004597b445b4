"""What the settings ask of a motion's travel, loop and limbs, read from Blender into plain values."""
