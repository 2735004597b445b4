"""Motion files: `.npz`, BVH, AMASS and SMPL-X to `Motion`, and back."""
