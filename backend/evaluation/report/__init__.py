"""The report of `motiongpt evaluate model`."""
