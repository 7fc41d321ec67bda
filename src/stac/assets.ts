/** Which assets are meant where nobody chose any, and how many items have them. Pure. */
import type { IStacAssets, IStacSummary } from '../common/types';
import type { IAssetCount } from './copydialog';
import type { ISelected } from './selection';
import type { ITarget } from './targets';

/** Keys of the assets that are data, and no pictures or texts about them; all where none is. */
export function dataAssets(summary: IStacSummary | null): string[] {
  const assets = summary?.assets ?? [];
  const isData = ({ roles, type }: IStacSummary['assets'][number]): boolean =>
    !roles.some(role => /^(thumbnail|overview|metadata)$/.test(role)) &&
    (roles.includes('data') || /^image\/(tiff|jp2)/.test(type ?? ''));
  const data = assets.filter(isData);
  return (data.length > 0 ? data : assets).map(({ key }) => key);
}

/** What a command acts on, for the companion. */
export function assetsOf({
  assets,
  filter,
  items,
  source
}: ITarget): IStacAssets {
  return {
    href: source.href,
    endpoint: source.endpoint,
    selection:
      items === null ? { ...filter } : { items: items.map(({ href }) => href) },
    assets: assets === null ? null : [...assets]
  };
}

/** How many of the items have which assets, where the page knows it; null: ask for a summary. */
export function countAssets(
  items: readonly ISelected[] | null
): IAssetCount[] | null {
  if (items === null || items.some(({ assets }) => assets === undefined)) {
    return null;
  }
  const counts = new Map<string, number>();
  for (const { assets } of items) {
    for (const key of assets!) {
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
  }
  return [...counts]
    .map(([key, count]) => ({ key, count }))
    .sort((one, other) => other.count - one.count);
}
