/** A cluster as a cell of a notebook. */
import type { JSONObject } from '@lumino/coreutils';
import { clientCode } from '../common/clientcode';
import type { ICluster } from '../common/types';

/** The client code as a cell, in the form in which notebooks take dropped cells; null as the code. */
export function clientCell(cluster: ICluster): JSONObject | null {
  const source = clientCode(cluster);
  return source === null
    ? null
    : {
        cell_type: 'code',
        source,
        metadata: { trusted: true },
        outputs: [],
        execution_count: null
      };
}
