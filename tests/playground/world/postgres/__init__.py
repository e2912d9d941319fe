"""Tests of the playground's PostgreSQL: that it lives and dies as promised, and is really broken as it says."""
