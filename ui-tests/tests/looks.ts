/** What walks through our panels, dialogs and tabs have in common, and what is done at each state. */
import { expect } from '@jupyterlab/galata';
import type { Locator, Page } from '@playwright/test';
import { run, waitForLab } from './lab';

/** What is done at each state, and before the first one of a page. */
export interface ILook {
  /** Called when Lab was opened anew. */
  prepare(page: Page): Promise<void>;
  /**
   * @param include - CSS selectors of what is ours in this state.
   * @param exclude - Of what is Lab's inside them.
   * @param again - Brings the state about once more, where it ends when Lab loses the focus.
   */
  look(
    page: Page,
    state: string,
    include: readonly string[],
    exclude?: readonly string[],
    again?: () => Promise<void>
  ): Promise<void>;
}

/** A walk; `walks.ts` lists all. */
export type Walk = (page: Page, eye: ILook) => Promise<void>;

export const SIDE = ['#jp-rsdat-sidebar'];
export const FILES = ['#jp-rsdat-dcache'];
export const TAB = ['.jp-rsdat-Dashboard:not(.lm-mod-hidden)'];
export const CATALOG = ['.jp-rsdat-Stac:not(.lm-mod-hidden)'];
export const DIALOG = ['.jp-Dialog'];
export const STATUS = ['.jp-rsdat-Status'];
export const INDICATOR = '.jp-rsdat-IndicatorPlace';
export const TOASTS = '.Toastify__toast';

/** Commands of clusters that open a dialog each, of what `everyCluster` has. */
export const CLUSTER_DIALOGS = [
  ['rsdat:scale-cluster', { cluster: 'c-1' }],
  ['rsdat:attach-cluster', {}],
  ['rsdat:set-idle-shutdown', { cluster: 'c-1' }],
  ['rsdat:shutdown-cluster', { cluster: 'c-1' }],
  ['rsdat:new-cluster', { form: true }],
  ['rsdat:add-worker-group', { cluster: 'c-1' }]
] as const;

/** Open Lab, after what the companion answers was set up. */
export async function open(page: Page, eye: ILook): Promise<void> {
  // Not galata's own object, which waits for a launcher.
  const [own] = page.context().pages();
  await own.goto('/lab/workspaces/axe?reset');
  await waitForLab(page);
  await eye.prepare(page);
}

/** Begin a command and do not wait for its end. */
export async function start(
  page: Page,
  command: string,
  args: object = {}
): Promise<void> {
  await page.evaluate(
    ([id, args]) => {
      const { jupyterapp } = window as unknown as {
        jupyterapp: {
          commands: { execute(id: string, args: object): Promise<unknown> };
        };
      };
      void jupyterapp.commands.execute(id, args);
    },
    [command, args] as const
  );
}

/** Begin a command that opens a dialog. */
export async function begin(
  page: Page,
  command: string,
  args: object = {}
): Promise<Locator> {
  await start(page, command, args);
  const dialog = page.getByRole('dialog');
  await expect(dialog).toBeVisible();
  return dialog;
}

/** Give the room of the side panel to the tabs. */
export async function withoutSide(page: Page): Promise<void> {
  await run(page, 'application:toggle-left-area');
  await expect(page.locator('#jp-left-stack')).toBeHidden();
}

/** Leave the dialog that is open. */
export async function leave(page: Page): Promise<void> {
  await page
    .locator('.jp-Dialog')
    .getByRole('button', { name: /^(Cancel|Close)$/ })
    .last()
    .click();
  await expect(page.getByRole('dialog')).toHaveCount(0);
}

/** Unfold all that is folded away. */
export async function unfold(part: Locator): Promise<void> {
  await part.evaluate(node => {
    node.querySelectorAll('details').forEach(each => (each.open = true));
  });
}

/** Take the notification away that stands before what is to be seen. */
export async function dismiss(page: Page): Promise<void> {
  const toast = page.locator(TOASTS);
  await toast.getByRole('button', { name: /Close|Hide/ }).click();
  await expect(toast).toHaveCount(0);
}
