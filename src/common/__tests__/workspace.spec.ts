/** Paths of Lab that Jupyter itself has. */
import { ContentsManager, Drive } from '@jupyterlab/services';
import { workspacePath } from '../workspace';

it.each([
  ['data/a.txt', 'data/a.txt'],
  ['RTC:data/a.txt', 'data/a.txt'],
  ['dcache:demo/a.txt', null],
  // A colon in a name is no drive.
  ['at 10:30.txt', 'at 10:30.txt']
])('%s', (path, local) => {
  const contents = new ContentsManager();
  contents.addDrive(new Drive({ name: 'RTC' }));
  contents.addDrive(new Drive({ name: 'dcache' }));
  expect(workspacePath(path, contents)).toBe(local);
  contents.dispose();
});
