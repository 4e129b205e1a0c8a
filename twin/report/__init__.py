"""What people look at: functions of a run folder and of nothing else."""
