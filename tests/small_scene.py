"""Overrides of a scene small enough to run whole in a test."""

SMALL = [
    "scene=grid-v1",
    "scene.blocks_x=2",
    "scene.blocks_y=2",
    "layout=grid",
    "layout.count=4",
    "schedule=list",
    "schedule.events=[{id: e1, incident: i1, kind: pistol-9mm, time_s: 1.0, position_m: [0, 0, 1.5]}]",
    "duration_s=3",
    "rate_hz=8000",
    "workers=1",
]
