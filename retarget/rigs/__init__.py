"""Any character's bones: `Rig`, which bone plays which joint, and how the rest pose stands."""
