"""What covers each step of the runbook: tables by section, checked against the code, and the page made of them."""
