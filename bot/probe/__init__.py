"""Probes: how far one gets to one of the platform's places from inside its cluster. It reads no answer's content."""
