"""The scoring script of deployments that name none. It runs where a user's script would: in the scoring process."""
