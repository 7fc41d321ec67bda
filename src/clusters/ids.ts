/** The names of the clusters' commands; others rely on them. */
export namespace CommandIDs {
  export const show = 'rsdat:show-clusters';
  export const newCluster = 'rsdat:new-cluster';
  export const attach = 'rsdat:attach-cluster';
  export const scale = 'rsdat:scale-cluster';
  export const dropQueued = 'rsdat:drop-queued';
  export const addGroup = 'rsdat:add-worker-group';
  export const removeGroup = 'rsdat:remove-worker-group';
  export const keep = 'rsdat:keep-cluster';
  export const idleShutdown = 'rsdat:set-idle-shutdown';
  export const renew = 'rsdat:toggle-renewal';
  export const shutdown = 'rsdat:shutdown-cluster';
  export const deletePast = 'rsdat:delete-past-cluster';
  export const insertCode = 'rsdat:insert-client-code';
  export const openLogs = 'rsdat:open-logs';
  export const openJobs = 'rsdat:open-jobs';
  export const openJobLog = 'rsdat:open-job-log';
  export const cancelJob = 'rsdat:cancel-job';
  export const holdJob = 'rsdat:hold-job';
  export const releaseJob = 'rsdat:release-job';
}
