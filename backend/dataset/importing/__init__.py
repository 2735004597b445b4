"""Motion capture files of any skeleton into a data set."""
