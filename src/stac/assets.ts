/** Which assets are meant where nobody chose any. Pure. */
import type { IStacSummary } from '../common/types';

/** Keys of the assets that are data, and no pictures or texts about them; all where none is. */
export function dataAssets(summary: IStacSummary | null): string[] {
  const assets = summary?.assets ?? [];
  const isData = ({ roles, type }: IStacSummary['assets'][number]): boolean =>
    !roles.some(role => /^(thumbnail|overview|metadata)$/.test(role)) &&
    (roles.includes('data') || /^image\/(tiff|jp2)/.test(type ?? ''));
  const data = assets.filter(isData);
  return (data.length > 0 ? data : assets).map(({ key }) => key);
}
