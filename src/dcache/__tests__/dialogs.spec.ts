/** What the dCache panel asks and tells. */
import '@testing-library/jest-dom';
import { Notification } from '@jupyterlab/apputils';
import { nullTranslator } from '@jupyterlab/translation';
import { configure, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { tellFailure } from '../../common/notice';
import { ApiError } from '../../common/request';
import { askName } from '../dialogs';

// Jsdom opens no dialog elements: what is in them counts as hidden.
configure({ defaultHidden: true });

const trans = nullTranslator.load('jupyterlab_rsdat');

describe('askName', () => {
  it('says at once what can’t be a name, and keeps what was typed', async () => {
    const user = userEvent.setup();
    const names: string[] = [];
    const asked = askName(
      {
        title: 'New folder',
        label: 'Name',
        name: '',
        accept: 'Create',
        attempt: async name => names.push(name)
      },
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
    await asked;
    expect(names).toEqual(['a']);
  });
});

it('tells all of a long failure when asked to', async () => {
  const hint = `Ask for it to be allowed: ${'the path is long, '.repeat(10)}end.`;
  const failure = new ApiError({
    message: 'dCache refused it.',
    hint,
    code: 'not_permitted',
    status: 403
  });
  tellFailure('Can’t delete “a.txt”', failure, trans);
  const [{ message, options }] = Notification.manager.notifications;
  expect(message).toMatch(/^Can’t delete “a.txt”: dCache refused it.*…$/);
  options.actions?.[0].callback(new MouseEvent('click'));
  expect(
    await screen.findByText(new RegExp(`^Can’t delete .* ${hint}$`))
  ).toBeInTheDocument();
  await userEvent.click(screen.getByRole('button', { name: 'Close' }));
  Notification.dismiss();
});
