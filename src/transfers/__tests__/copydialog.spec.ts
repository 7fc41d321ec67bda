/** "Copy to dCache…": folders complete the path, and the dialog stays until the companion took it. */
import '@testing-library/jest-dom';
import { nullTranslator } from '@jupyterlab/translation';
import { configure, fireEvent, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { askDCacheFolder } from '../copydialog';
import { failure } from './fake';

// Jsdom opens no dialog elements: what is in them counts as hidden.
configure({ defaultHidden: true });

const trans = nullTranslator.load('jupyterlab_rsdat');

it('completes, is refused, and is taken at last', async () => {
  const user = userEvent.setup();
  const asked: [string, string][] = [];
  const taken: unknown[] = [];
  const done = askDCacheFolder(
    {
      place: { endpoint: 'here', path: '/data' },
      dcache: {
        endpoints: [{ name: 'here' }, { name: 'there' }] as never,
        complete: async (endpoint, typed) => {
          asked.push([endpoint, typed]);
          return [`/data/${endpoint}`].filter(path => path.startsWith(typed));
        }
      },
      count: 2,
      attempt: async folder => {
        taken.push(folder);
        if (taken.length === 1) {
          throw failure('not_found');
        }
      }
    },
    trans
  );
  const field = await screen.findByRole('combobox', {
    name: 'Folder of dCache'
  });
  expect(field).toHaveValue('/data/');
  await screen.findByRole('option', { name: '/data/here' });
  fireEvent.change(screen.getByRole('combobox', { name: 'Endpoint' }), {
    target: { value: 'there' }
  });
  await screen.findByRole('option', { name: '/data/there' });
  expect(asked).toContainEqual(['there', '/data/']);
  await user.clear(field);
  await user.type(field, '/data/th');
  await user.keyboard('{Tab}');
  expect(field).toHaveValue('/data/there/');
  const copy = screen.getByRole('button', { name: 'Copy' });
  await user.click(copy);
  expect(await screen.findByRole('alert')).toHaveTextContent(
    'failed: not_found'
  );
  expect(field).toHaveValue('/data/there/');
  await user.click(copy);
  await done;
  expect(taken).toEqual([
    { endpoint: 'there', path: '/data/there' },
    { endpoint: 'there', path: '/data/there' }
  ]);
});
