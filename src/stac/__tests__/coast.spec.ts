import land from 'world-atlas/land-110m.json';
import { coastOf } from '../map/coast';

describe('coastline', () => {
  it('is the same for every map of a page', () => {
    const extents = (): (number[] | undefined)[] =>
      coastOf(land).map(feature => feature.getGeometry()?.getExtent());
    const first = extents();
    expect(first.length).toBeGreaterThan(100);
    expect(extents()).toEqual(first);
  });
});
