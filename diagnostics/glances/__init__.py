"""Quick looks that judge nothing: what the cluster reported, what a workload logged, what runs and who gets there."""
