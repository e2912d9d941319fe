"""Tests of probes, against servers on loopback."""
