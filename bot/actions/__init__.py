"""Guarded acts: plans, the way each takes, and one module for each kind of act. It never knows Slack."""
