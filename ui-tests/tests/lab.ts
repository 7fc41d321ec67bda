/** Lab seen from inside its page: wait until it is up, run commands, run notebooks. */
import type { Locator, Page } from '@playwright/test';

/** In a test's title: it belongs to the long rounds. */
export const LONG = '@long';

/** Starting a kernel on a machine that does much else takes long. */
export const KERNEL_MS = 120_000;

interface IOutput {
  output_type: string;
  ename?: string;
  evalue?: string;
  /** Of a stream. */
  text?: string | string[];
}

interface ICell {
  type: string;
  executionCount: number | null;
  outputs: { toJSON(): IOutput[] };
  sharedModel: { getSource(): string; setSource(source: string): void };
}

/** The notebook in front, as this file uses it. */
interface INotebookPanel {
  revealed: Promise<void>;
  context: { ready: Promise<void> };
  sessionContext: {
    ready: Promise<void>;
    session: { kernel: { status: string } | null } | null;
  };
  content: {
    model: {
      cells: Iterable<ICell> & { length: number; get(index: number): ICell };
    };
  };
}

/** What Lab leaves in the window of the page; undefined until its plugins are registered. */
interface ILabWindow {
  jupyterapp?: {
    restored: Promise<void>;
    commands: {
      execute(id: string, args?: Record<string, string>): Promise<unknown>;
    };
    shell: {
      currentWidget: INotebookPanel | null;
      activateById(id: string): void;
    };
  };
}

/** Wait until a page of Lab or of Notebook 7 has its plugins and its layout. */
export async function waitForApp(page: Page): Promise<void> {
  await page.waitForFunction(
    () => (window as unknown as ILabWindow).jupyterapp !== undefined,
    undefined,
    { timeout: 60_000 }
  );
  await page.evaluate(async () => {
    await (window as unknown as ILabWindow).jupyterapp!.restored;
  });
}

/**
 * Wait until Lab is there with its layout restored.
 *
 * Not by the splash alone: it is attached some time after the page was loaded, and before that it
 * is as detached as afterwards.
 */
export async function waitForLab(page: Page): Promise<void> {
  await waitForApp(page);
  await page
    .locator('#jupyterlab-splash')
    .waitFor({ state: 'detached', timeout: 60_000 });
}

/** Open Lab anew, in a workspace of its own, and wait until it is there. */
export async function openLab(page: Page, workspace: string): Promise<void> {
  await page.goto(`/lab/workspaces/${workspace}?reset`);
  await waitForLab(page);
}

/** Run a command of Lab in the page and wait for its end. */
export async function run(
  page: Page,
  id: string,
  args: Record<string, string> = {}
): Promise<void> {
  await page.evaluate(
    async ([id, args]) => {
      await (window as unknown as ILabWindow).jupyterapp!.commands.execute(
        id,
        args
      );
    },
    [id, args] as const
  );
}

/** An item of a menu that is on or off. Lab 4.2 gives it the role of any other. */
export function checkItem(page: Page, name: string): Locator {
  return page
    .getByRole('menuitemcheckbox', { name })
    .or(page.getByRole('menuitem', { name }));
}

/** Bring a widget of Lab's shell to the front. */
export async function activate(page: Page, id: string): Promise<void> {
  await page.evaluate(
    id => (window as unknown as ILabWindow).jupyterapp!.shell.activateById(id),
    id
  );
}

/** Wait until the notebook in front is loaded and its kernel waits for something to do. */
export async function notebookReady(page: Page): Promise<void> {
  await page.waitForFunction(
    async () => {
      const panel = (window as unknown as ILabWindow).jupyterapp!.shell
        .currentWidget;
      if (!panel?.sessionContext) {
        return false;
      }
      await Promise.all([
        panel.context.ready,
        panel.revealed,
        panel.sessionContext.ready
      ]);
      return panel.sessionContext.session?.kernel?.status === 'idle';
    },
    undefined,
    { timeout: KERNEL_MS }
  );
}

/** Replace what stands in the first cell of the notebook in front. */
export async function setFirstCell(page: Page, source: string): Promise<void> {
  await page.evaluate(source => {
    (window as unknown as ILabWindow)
      .jupyterapp!.shell.currentWidget!.content.model.cells.get(0)
      .sharedModel.setSource(source);
  }, source);
}

/** Add to what stands in the first cell of the notebook in front. */
export async function appendToFirstCell(
  page: Page,
  source: string
): Promise<void> {
  await page.evaluate(source => {
    const { sharedModel } = (
      window as unknown as ILabWindow
    ).jupyterapp!.shell.currentWidget!.content.model.cells.get(0);
    sharedModel.setSource(sharedModel.getSource() + source);
  }, source);
}

/** How far the code cells of the notebook in front are, and what failed in them. */
export async function progress(
  page: Page
): Promise<{ cells: number; executed: number; errors: string[] }> {
  return await page.evaluate(() => {
    const { model } = (window as unknown as ILabWindow).jupyterapp!.shell
      .currentWidget!.content;
    // From the model: cells out of sight have no elements.
    const cells = Array.from(model.cells).filter(cell => cell.type === 'code');
    return {
      cells: cells.length,
      executed: cells.filter(cell => cell.executionCount !== null).length,
      errors: cells
        .flatMap(cell => cell.outputs.toJSON())
        .filter(output => output.output_type === 'error')
        .map(output => `${output.ename}: ${output.evalue}`)
    };
  });
}

/** What the code cells of the notebook in front have printed. From the model: Lab 4.2 hides cells out of sight. */
export async function printed(page: Page): Promise<string> {
  return await page.evaluate(() => {
    const { model } = (window as unknown as ILabWindow).jupyterapp!.shell
      .currentWidget!.content;
    return Array.from(model.cells)
      .filter(cell => cell.type === 'code')
      .flatMap(cell => cell.outputs.toJSON())
      .flatMap(output => output.text ?? [])
      .join('');
  });
}
