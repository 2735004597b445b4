"""The sub-panels Retarget and Batch: their settings and buttons, and files dropped into the viewport."""
