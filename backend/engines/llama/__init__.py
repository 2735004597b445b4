"""MotionGPT with LLaMA: *Finetuned LLMs are General-Purpose Motion Generators*."""
