"""Where a motion goes: paths and distances, in place, loops, and what is joined on the way."""
