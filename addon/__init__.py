"""The Blender side: panel, operators, reading poses, writing actions. The only part that imports bpy."""
