/** The keyboard stays in use. */
import { Dialog } from '@jupyterlab/apputils';
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

  it('goes on with the item that took the place of one that is gone', async () => {
    const end = keepFocus(node);
    const list = node.appendChild(document.createElement('ul'));
    const items = [1, 2, 3].map(() =>
      list.appendChild(document.createElement('li'))
    );
    const [, second, third] = items.map(item => button(item));
    second.focus();
    items[1].remove();
    await waitFor(() => expect(items[2]).toBe(document.activeElement));
    // The others' buttons have the same name; they are not what had the focus.
    button(items[0]);
    await Promise.resolve();
    expect(items[2]).toBe(document.activeElement);
    third.focus();
    items[2].remove();
    await waitFor(() => expect(items[0]).toBe(document.activeElement));
    list.remove();
    await waitFor(() => expect(node).toBe(document.activeElement));
    end();
  });

  it('gives it to what has the same names when all was drawn anew', async () => {
    const end = keepFocus(node);
    const draw = (): HTMLButtonElement => {
      node.replaceChildren();
      return ['one', 'two'].map(name => {
        const item = node.appendChild(document.createElement('section'));
        item.setAttribute('aria-label', name);
        const made = button(item);
        made.textContent = 'Scale';
        return made;
      })[1];
    };
    draw().focus();
    node.replaceChildren('Loading…');
    await waitFor(() => expect(node).toBe(document.activeElement));
    const again = draw();
    await waitFor(() => expect(again).toBe(document.activeElement));

    // Who has gone on meanwhile stays there.
    node.replaceChildren('Loading…');
    await waitFor(() => expect(node).toBe(document.activeElement));
    const other = button(document.body);
    other.focus();
    draw();
    await Promise.resolve();
    expect(other).toBe(document.activeElement);
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

  it('gives it back also after a dialog that the command opens', async () => {
    const context = menu();
    const row = button(node);
    returnFocus(context, node);
    row.focus();
    row.dispatchEvent(new MouseEvent('contextmenu', { bubbles: true }));
    Widget.attach(context, document.body);
    context.node.tabIndex = -1;
    context.node.focus();
    MessageLoop.sendMessage(context, Widget.Msg.CloseRequest);
    const dialog = new Dialog({ title: 'Move' });
    const done = dialog.launch();
    await waitFor(() => expect(dialog.isAttached).toBe(true));
    dialog.reject();
    await done;
    expect(row).toBe(document.activeElement);
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
