"""How long tests wait for what will come. No claim about speed: machines are shared and noisy."""

PATIENCE = 120.0  # seconds
