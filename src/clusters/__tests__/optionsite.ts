/** A site with limits, for the tests of the options' forms. */
import type { IPartition, IPreset, ISite } from '../../common/types';
import { SITE } from './samples';

const GIB = 2 ** 30;

export function aPartition(part: Partial<IPartition>): IPartition {
  return { ...SITE.partitions[0], ...part };
}

export function aPreset(part: Partial<IPreset>): IPreset {
  return { ...SITE.presets[0], ...part };
}

/** Spider as it is: `short` allows 12 h, 8000 MiB belong to each core. */
export const SPIDER: ISite = {
  ...SITE,
  partitions: [
    aPartition({
      name: 'normal',
      walltime_limit: 120 * 3600,
      memory_per_core_limit: 8000 * 2 ** 20,
      node_kinds: [
        { nodes: 2, cores: 64, memory: 500 * GIB, features: [], gres: [] },
        { nodes: 9, cores: 24, memory: 190 * GIB, features: [], gres: [] }
      ],
      features: ['ssd', 'hdd']
    }),
    aPartition({
      name: 'short',
      default: false,
      walltime_limit: 12 * 3600,
      cores_limit: 8,
      memory_limit: 60 * GIB,
      gres: ['gpu', 'gpu:a100']
    }),
    aPartition({ name: 'old', default: false, state: 'DOWN' }),
    aPartition({ name: 'course', default: false, reservation_only: true })
  ],
  accounts: ['proj', 'other'],
  reservations: [
    {
      name: 'workshop',
      state: 'ACTIVE',
      start: null,
      end: null,
      partition: null,
      nodes: 2,
      users: [],
      accounts: [],
      groups: [],
      maintenance: false
    }
  ],
  presets: [
    aPreset({
      name: 'spider',
      title: 'Spider',
      options: {
        cores: 4,
        memory: '30GiB',
        walltime: '01:00:00',
        account: 'proj',
        prologue: ['module load x']
      },
      request: {},
      scheduler: { mode: 'beside' }
    }),
    aPreset({
      name: 'mine',
      title: 'Mine',
      own: true,
      source: 'saved',
      options: { cores: 2, memory: '8GiB', partition: 'short' },
      request: { adapt: { minimum: 1, maximum: 4 }, idle_after: 600 },
      scheduler: { mode: 'job', walltime: '10:00:00' }
    })
  ],
  preset: 'spider'
};
