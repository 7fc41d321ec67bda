/** Lab's start loads what the commands and documents are called by, not what does their work. */
import { stacPlugins } from '../plugin';

const early = (name: string) => (): never => {
  throw new Error(`${name} is loaded at the start`);
};
jest.mock('../work', () => early('work')());
jest.mock('../actions', () => early('actions')());
jest.mock('../api', () => early('api')());
jest.mock('../code', () => early('code')());
jest.mock('../drag', () => early('drag')());
jest.mock('../state', () => early('state')());
jest.mock('../tab', () => early('tab')());
jest.mock('../view', () => early('view')());

it('the plugin alone needs none of the parts that are loaded on first use', () => {
  expect(stacPlugins.map(({ id }) => id)).toEqual(['jupyterlab-rsdat:stac']);
});
