/** The middle of a tab: filter, items, and how they stand. */
import React from 'react';
import type { IStacContext } from './context';
import { FilterBar } from './filterbar';
import { ItemGrid } from './grid';
import { ItemStatus } from './status';

export function ItemsPane(
  props: IStacContext & { hint: React.ReactNode }
): JSX.Element {
  return (
    <section
      className="jp-rsdat-StacPane"
      aria-label={props.trans.__('Items of the catalog')}
    >
      <FilterBar {...props} />
      <ItemGrid {...props} />
      <ItemStatus {...props} />
    </section>
  );
}
