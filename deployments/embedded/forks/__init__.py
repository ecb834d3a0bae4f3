"""Jobs and commands that begin in a fraction of a second: forked from a process that has imported everything already.

Importing Prefect, Dask and the flow takes some 3 s of CPU, for each job anew, and half of that for each command. A
*fork server* does it once. Prefect's process worker starts the small *launcher* as a job's command, and supervises it
as it would any; the launcher has the fork server fork, passes signals on to the fork, and ends as it ends. A command
of `batchpoint` is the same launcher. When a fork server cannot be had, the launcher becomes a Python that imports for
itself, and the job or command merely begins later.
"""
