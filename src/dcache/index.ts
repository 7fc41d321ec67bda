/** The dCache feature: its plugins. */
export { dcachePlugins } from './plugin';
