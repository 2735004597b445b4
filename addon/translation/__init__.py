"""The interface in other languages: sentences are looked up as they are made, all other texts by Blender itself."""
