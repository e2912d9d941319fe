"""What stands outside the simulated cluster: the nameserver and the load balancer's TLS front."""
