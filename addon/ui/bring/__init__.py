"""The sub-panel Retarget: its settings and buttons, files dropped into the viewport, tables of jobs."""
