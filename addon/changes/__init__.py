"""Changes to a motion that is there: made a loop, its travel taken out and put back, limbs pinned."""
