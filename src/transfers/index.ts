/** The transfers feature: its plugins. */
export { transfersPlugins } from './plugin';
