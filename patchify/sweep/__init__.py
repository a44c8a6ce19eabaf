"""A sweep as a whole: its plan, and what its jobs share. Light to import, `tracked` aside, which needs MLflow."""
