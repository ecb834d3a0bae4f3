"""The HTTPS door: jobs by POST, as callers of Azure's batch endpoints send them."""
