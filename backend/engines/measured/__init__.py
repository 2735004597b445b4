"""In which precision an imported model runs: measured once on each machine, and kept."""
