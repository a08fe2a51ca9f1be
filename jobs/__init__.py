"""The daemon: a schedule, one thin file a job, and a loop that outlives every failure."""
