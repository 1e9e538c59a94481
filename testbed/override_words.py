"""Overrides as words, before Hydra reads them; imports nothing heavy."""

from collections.abc import Sequence

# A file named for a group chooses the option that reads it: `scene.buildings=FILE` alone means `scene=file`.
_CHOICE_OF_FILE_KEY = {
    "scene.buildings": "scene",
    "scene.terrain": "scene",
    "layout.file": "layout",
    "schedule.file": "schedule",
}


def key_of(word: str) -> str:
    """Return the key of an override."""
    return word.split("=", 1)[0].lstrip("+~")


def imply_files(words: Sequence[str]) -> tuple[str, ...]:
    """Add the choice of a group that the name of a file implies."""
    keys = {key_of(word) for word in words if "=" in word}
    implied = {group for key, group in _CHOICE_OF_FILE_KEY.items() if key in keys and group not in keys}
    return (*words, *(f"{group}=file" for group in sorted(implied)))
