"""What the jobs of one sweep share. Light to import, `tracked` aside, which needs MLflow."""
