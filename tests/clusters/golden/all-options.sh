#!/usr/bin/env bash

#SBATCH -p genoa
#SBATCH -A proj-1
#SBATCH -n 1
#SBATCH --cpus-per-task=32
#SBATCH --mem=56G
#SBATCH -t 1-00:00:00
#SBATCH --no-requeue
#SBATCH --constraint=scratch-node
#SBATCH --reservation=course
module load 2023
source 'my env/bin/activate'
export DASK_CONFIG=/home/u/.rsdat/clusters/c0ffee00/dask
export RSDAT_HOME=/home/u/.rsdat
export RSDAT_SHARED=/home/u/.rsdat/clusters/c0ffee00/shared
export RSDAT_LEAVE_BEFORE_S=60
[ -n "${RSDAT_ENDS_AT:-}" ] || RSDAT_TIME_LEFT=$(timeout 10 squeue -h -j "${SLURM_ARRAY_JOB_ID}_${SLURM_ARRAY_TASK_ID}" -o %L 2>/dev/null) || :
export RSDAT_TIME_LEFT="${RSDAT_TIME_LEFT:-$((86400 - ${SECONDS:-0}))}" RSDAT_ASKED_AT="$(date +%s)"
exec /env/bin/python -m distributed.cli.dask_worker --scheduler-file /home/u/.rsdat/clusters/c0ffee00/scheduler.json --name c0ffee00-${SLURM_ARRAY_JOB_ID}_${SLURM_ARRAY_TASK_ID} --nthreads 32 --memory-limit 55.75GiB --nanny --death-timeout 60 --local-directory /scratch/$USER/x --no-dashboard --dashboard-address 127.0.0.1:0 --preload-nanny 'exec(compile(open("/home/u/.rsdat/clusters/c0ffee00/preloads/rsdat_nanny.py", encoding="utf-8").read(), "rsdat_nanny.py", "exec"))' --interface ib0
