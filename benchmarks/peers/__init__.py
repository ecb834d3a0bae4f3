"""Other ways to run the same scoring script over the same files, each set up as its documentation advises."""
