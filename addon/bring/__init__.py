"""Motion from elsewhere onto a character: files, and the animation of other armatures; tables of jobs."""
