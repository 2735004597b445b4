"""`blender --command motiongpt`: the panel's tasks from a shell, on an opened file."""
