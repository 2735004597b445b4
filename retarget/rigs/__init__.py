"""Any character's bones: `Rig`, the mapping of joints to bones, and the calibration of the rest pose."""
