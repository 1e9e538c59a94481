"""Choices: the YAML of every verb and config group."""
