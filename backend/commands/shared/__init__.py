"""What commands share: declaring arguments, running tasks, writing files and reporting."""
