#!/usr/bin/env bash

#SBATCH -n 1
#SBATCH --cpus-per-task=1
#SBATCH --mem=2G
#SBATCH -t 01:00:00
#SBATCH --no-requeue
ln /home/u/.rsdat/clusters/c0ffee00/logs/"${SLURM_ARRAY_JOB_ID}_${SLURM_ARRAY_TASK_ID}.log" /home/u/.rsdat/clusters/c0ffee00/logs/scheduler.log 2>/dev/null || exec >>/home/u/.rsdat/clusters/c0ffee00/logs/scheduler.log 2>&1
export DASK_CONFIG=/home/u/.rsdat/clusters/c0ffee00/dask
export RSDAT_HOME=/home/u/.rsdat
export RSDAT_SHARED=/home/u/.rsdat/clusters/c0ffee00/shared
exec apptainer exec --bind /home/u/.rsdat --bind /project /project/eo.sif /env/bin/python /home/u/.rsdat/clusters/c0ffee00/preloads/rsdat_start.py interface=ib0 --protocol tls --port 0 --scheduler-file /home/u/.rsdat/clusters/c0ffee00/scheduler.json
