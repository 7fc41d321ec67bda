/** Which area tabs go to. */
import { LabShell, type JupyterFrontEnd } from '@jupyterlab/application';
import { Panel } from '@lumino/widgets';
import { areaOfTabs } from '../place';

it('is the main area of Lab, and the one below where there is one document', () => {
  const lab = new LabShell();
  expect(areaOfTabs(lab)).toBe('main');
  lab.dispose();
  const other = new Panel() as unknown as JupyterFrontEnd.IShell;
  expect(areaOfTabs(other)).toBe('down');
});
