"""Tests of guarded acts: on a simulated cluster whose time passes only when told to, and on a lamp."""
