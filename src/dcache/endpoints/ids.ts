/** Names of the commands on endpoints and tokens; users and other extensions rely on them. */
export namespace AccessCommandIDs {
  export const endpoints = 'rsdat-dcache:endpoints';
  export const token = 'rsdat-dcache:token';
}
