/** The keyboard stays in use. */
import { MenuSvg } from '@jupyterlab/ui-components';
import { CommandRegistry } from '@lumino/commands';
import { MessageLoop } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';
import { waitFor } from '@testing-library/react';
import { keepFocus, returnFocus } from '../keepfocus';

function button(parent: HTMLElement): HTMLButtonElement {
  return parent.appendChild(document.createElement('button'));
}

let node: HTMLElement;

beforeEach(() => {
  document.body.replaceChildren();
  node = document.body.appendChild(document.createElement('div'));
});

describe('keepFocus', () => {
  it('holds it while a button is disabled, and gives it back', async () => {
    const end = keepFocus(node);
    const test = button(node);
    test.focus();
    test.disabled = true;
    await waitFor(() => expect(node).toBe(document.activeElement));
    test.disabled = false;
    await waitFor(() => expect(test).toBe(document.activeElement));
    end();
    test.disabled = true;
    await Promise.resolve();
    expect(node).not.toBe(document.activeElement);
  });

  it('holds it where a button is gone', async () => {
    const end = keepFocus(node);
    const add = button(node);
    add.focus();
    add.remove();
    await waitFor(() => expect(node).toBe(document.activeElement));
    end();
  });

  it('holds it on what is around, and gives it back', async () => {
    const end = keepFocus(node);
    const card = node.appendChild(document.createElement('li'));
    card.tabIndex = 0;
    const [scale, more] = [button(card), button(card)];
    scale.focus();
    scale.disabled = true;
    await waitFor(() => expect(card).toBe(document.activeElement));
    scale.disabled = false;
    await waitFor(() => expect(scale).toBe(document.activeElement));
    more.focus();
    more.remove();
    await waitFor(() => expect(card).toBe(document.activeElement));
    card.remove();
    await waitFor(() => expect(node).toBe(document.activeElement));
    end();
  });

  it('holds it where items of a list change places', async () => {
    const end = keepFocus(node);
    const items = ['one', 'two'].map(() => {
      const item = node.appendChild(document.createElement('li'));
      return button(item);
    });
    items[0].focus();
    node.append(items[0].parentElement!);
    await waitFor(() => expect(items[0]).toBe(document.activeElement));
    // What stands for a button that is disabled goes on doing so.
    items[0].disabled = true;
    const item = items[0].parentElement!;
    await waitFor(() => expect(item).toBe(document.activeElement));
    node.prepend(item);
    await waitFor(() => expect(item).toBe(document.activeElement));
    items[0].disabled = false;
    await waitFor(() => expect(items[0]).toBe(document.activeElement));
    end();
  });

  it('does not fetch it back from who left for nothing', async () => {
    const end = keepFocus(node);
    const test = button(node);
    test.focus();
    test.blur();
    await Promise.resolve();
    test.remove();
    await Promise.resolve();
    expect(document.body).toBe(document.activeElement);
    end();
  });

  it('takes it from nobody', async () => {
    const end = keepFocus(node);
    const [test, close] = [button(node), button(document.body)];
    test.focus();
    close.focus();
    test.disabled = true;
    await Promise.resolve();
    expect(close).toBe(document.activeElement);
    test.disabled = false;
    await Promise.resolve();
    expect(close).toBe(document.activeElement);
    end();
  });
});

describe('returnFocus', () => {
  const menu = (): MenuSvg => {
    const commands = new CommandRegistry();
    commands.addCommand('noop', { label: 'Noop', execute: () => undefined });
    const made = new MenuSvg({ commands });
    made.addItem({ command: 'noop' });
    return made;
  };

  it('gives it back to where the menu was opened', async () => {
    const context = menu();
    const row = button(node);
    returnFocus(context, node);
    row.focus();
    row.dispatchEvent(new MouseEvent('contextmenu', { bubbles: true }));
    Widget.attach(context, document.body);
    row.blur();
    MessageLoop.sendMessage(context, Widget.Msg.CloseRequest);
    await waitFor(() => expect(row).toBe(document.activeElement));
  });

  it('leaves it where the command has moved it', async () => {
    const context = menu();
    const [row, field] = [button(node), button(document.body)];
    returnFocus(context, node);
    row.focus();
    row.dispatchEvent(new MouseEvent('contextmenu', { bubbles: true }));
    Widget.attach(context, document.body);
    MessageLoop.sendMessage(context, Widget.Msg.CloseRequest);
    field.focus();
    await new Promise(resolve => setTimeout(resolve));
    expect(field).toBe(document.activeElement);
  });
});
