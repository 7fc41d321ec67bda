/** The guide's pages are where the links lead. */
import { GUIDE, type GuidePage } from '../guide';

const { readdirSync } = jest.requireActual<{
  readdirSync: (folder: string) => string[];
}>('fs');
const { homepage } = jest.requireActual<{ homepage: string }>(
  '../../../package.json'
);

it('is in the repository that package.json names', () => {
  expect(GUIDE).toBe(`${homepage}/blob/main/docs`);
});

it.each<GuidePage>(['clusters', 'dcache', 'guide', 'stac'])('has %s', page => {
  expect(readdirSync('docs')).toContain(`${page}.md`);
});
