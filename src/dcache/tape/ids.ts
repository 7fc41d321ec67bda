/** Names of the commands on tape; users and other extensions rely on them. */
export namespace TapeCommandIDs {
  export const stage = 'rsdat-dcache:stage';
  export const pin = 'rsdat-dcache:pin';
  export const release = 'rsdat-dcache:release';
  export const show = 'rsdat-dcache:show-tape-orders';
  export const remove = 'rsdat-dcache:remove-tape-order';
}
