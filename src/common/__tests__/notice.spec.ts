/** What is longer than Lab shows can be read all the same. */
import '@testing-library/jest-dom';
import { Notification } from '@jupyterlab/apputils';
import { SHOWN, shortened, tell } from '../notice';

const LONG =
  'The Jupyter server does not have its part of rsdat. In the environment that Jupyter runs in: pip install rsdat, then jupyter server extension enable rsdat. Then restart Jupyter.';

describe('a notification', () => {
  let emit: jest.SpyInstance;

  beforeEach(() => {
    emit = jest.spyOn(Notification.manager, 'notify').mockReturnValue('n-1');
  });
  afterEach(() => {
    emit.mockRestore();
    document.body.replaceChildren();
  });

  it('that fits in is told as it is', () => {
    const text = 'x'.repeat(SHOWN);
    expect(tell(text, 'error', { autoClose: false })).toBe('n-1');
    expect(emit).toHaveBeenCalledWith(text, 'error', { autoClose: false });
  });

  it('that does not is cut between words, and has all of it behind a button', async () => {
    const show = { label: 'Show', callback: jest.fn() };
    tell(LONG, 'warning', { actions: [show] });
    const [text, type, options] = emit.mock.calls[0];
    expect(text.length).toBeLessThanOrEqual(SHOWN);
    expect(text).toMatch(/pip install rsdat, then jupyter server…$/);
    expect(type).toBe('warning');
    const [first, details] = options.actions as Notification.IAction[];
    expect(first).toBe(show);
    expect(details.label).toBe('Details');
    const event = new MouseEvent('click', { cancelable: true });
    details.callback(event);
    // It is not closed by that.
    expect(event.defaultPrevented).toBe(true);
    await new Promise(resolve => setTimeout(resolve));
    expect(document.querySelector('.jp-Dialog')).toHaveTextContent(LONG);
    document.querySelector<HTMLButtonElement>('.jp-Dialog button')?.click();
  });

  it('of one word without end is cut somewhere', () => {
    expect(shortened('y'.repeat(500))).toHaveLength(SHOWN);
  });
});
