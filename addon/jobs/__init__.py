"""One press of a button, from Blender's context to what is written."""
