/** What the dCache panel asks and tells. */
import '@testing-library/jest-dom';
import { Notification } from '@jupyterlab/apputils';
import { nullTranslator } from '@jupyterlab/translation';
import { configure, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { askName, tellFolders } from '../dialogs';

// Jsdom opens no dialog elements: what is in them counts as hidden.
configure({ defaultHidden: true });

const trans = nullTranslator.load('jupyterlab_rsdat');

describe('askName', () => {
  it('says at once what can’t be a name, and keeps what was typed', async () => {
    const user = userEvent.setup();
    const asked = askName(
      { title: 'New folder', label: 'Name', name: '', accept: 'Create' },
      trans
    );
    const field = await screen.findByRole('textbox', { name: 'Name' });
    const create = screen.getByRole('button', { name: 'Create' });
    expect(create).toBeDisabled();
    await user.type(field, 'a/b');
    expect(
      screen.getByText('A name can’t contain a slash.')
    ).toBeInTheDocument();
    expect(create).toBeDisabled();
    await user.type(field, '{Backspace}{Backspace}');
    await waitFor(() => expect(create).toBeEnabled());
    await user.click(create);
    expect(await asked).toBe('a');
  });
});

describe('tellFolders', () => {
  it('names the folders that were not uploaded and says what to do', () => {
    const told = jest.spyOn(Notification, 'warning').mockReturnValue('');
    tellFolders([], trans);
    expect(told).not.toHaveBeenCalled();
    tellFolders(['raw data'], trans);
    expect(told.mock.calls[0][0]).toMatch(
      /“raw data” was not uploaded: .+Make/
    );
    tellFolders(
      Array.from({ length: 10 }, (_, index) => `d${index}`),
      trans
    );
    expect(told.mock.calls[1][0]).toMatch(/“d7” and 2 more were not/);
  });
});
