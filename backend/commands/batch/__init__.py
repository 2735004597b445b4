"""`motiongpt batch`: a table of jobs, done by worker processes, each job once."""
