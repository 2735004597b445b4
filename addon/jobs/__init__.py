"""Jobs: from the press of a button to the keys that are written."""
