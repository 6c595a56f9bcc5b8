"""What scripts/soak.sh runs."""
