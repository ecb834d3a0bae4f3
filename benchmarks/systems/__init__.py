"""What is measured: processes that are started with a job, and leave its rows in a folder."""
