"""What the command line writes besides motion files: pictures, and characters by way of Blender."""
