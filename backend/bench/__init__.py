"""How fast models, retargeting and Blender are on this machine."""
