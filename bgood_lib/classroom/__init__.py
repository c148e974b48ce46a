"""Exercises for a class: written once as solutions, handed out without them, marked by their answers."""

from .exercise import Exercise as Exercise
