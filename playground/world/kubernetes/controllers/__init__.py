"""The controllers of the simulated cluster: each keeps one kind of object as it is wanted, one file for each."""
