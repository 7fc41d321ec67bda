#!/usr/bin/env bash

#SBATCH -p normal
#SBATCH -n 1
#SBATCH --cpus-per-task=4
#SBATCH --mem=30G
#SBATCH -t 01:00:00
#SBATCH --no-requeue
export DASK_CONFIG=/home/u/.rsdat/clusters/c0ffee00/dask
export RSDAT_HOME=/home/u/.rsdat
export RSDAT_SHARED=/home/u/.rsdat/clusters/c0ffee00/shared
export RSDAT_LEAVE_BEFORE_S=60
[ -n "${RSDAT_ENDS_AT:-}" ] || RSDAT_TIME_LEFT=$(timeout 10 squeue -h -j "${SLURM_ARRAY_JOB_ID}_${SLURM_ARRAY_TASK_ID}" -o %L 2>/dev/null) || :
export RSDAT_TIME_LEFT="${RSDAT_TIME_LEFT:-$((3600 - ${SECONDS:-0}))}" RSDAT_ASKED_AT="$(date +%s)"
exec /env/bin/python -m distributed.cli.dask_worker --scheduler-file /home/u/.rsdat/clusters/c0ffee00/scheduler.json --name c0ffee00-${SLURM_ARRAY_JOB_ID}_${SLURM_ARRAY_TASK_ID} --nthreads 4 --memory-limit 29.75GiB --nanny --death-timeout 60 --local-directory $TMPDIR --no-dashboard --dashboard-address 127.0.0.1:0 --preload-nanny 'exec(compile(open("/home/u/.rsdat/clusters/c0ffee00/preloads/rsdat_nanny.py", encoding="utf-8").read(), "rsdat_nanny.py", "exec"))'
