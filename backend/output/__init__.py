"""What the command line writes besides motion files: pictures, and animated characters by way of Blender."""
