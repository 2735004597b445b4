"""MotionGPT with T5: *Human Motion as a Foreign Language*."""
