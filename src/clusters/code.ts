/** The code that gives a notebook a client of a cluster. */
import type { JSONObject } from '@lumino/coreutils';

/** JSON's string literals are Python's as well: the same escapes, and no others. */
export function clientCode(clusterName: string): string {
  return `import rsdat\n\nclient = rsdat.connect(${JSON.stringify(clusterName)})\nclient`;
}

/** The code as a cell, in the form in which notebooks take dropped cells. */
export function clientCell(clusterName: string): JSONObject {
  return {
    cell_type: 'code',
    source: clientCode(clusterName),
    metadata: { trusted: true },
    outputs: [],
    execution_count: null
  };
}
