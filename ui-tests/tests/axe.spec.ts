/** No panel, dialog or state of ours keeps anybody out, in any of Lab's themes or a narrow window. */
import { expect, test } from '@jupyterlab/galata';
import type { Page } from '@playwright/test';
import { expectAccessible, prepareAxe } from './axe';
import type { ILook } from './looks';
import { cutOff, expectFits } from './narrow';
import { openBusy, showActivity } from './statesinlab';
import { WALKS } from './walks';

test.use({ autoGoto: false });

/** Some twenty states, each in three themes and three windows. */
const WALK_MS = 600_000;

const eye: ILook = {
  prepare: prepareAxe,
  look: async (page, state, include, exclude, again) => {
    await expectAccessible(page, state, include, exclude, again);
    await expectFits(page, state, include, exclude);
  }
};

for (const [name, walk] of Object.entries(WALKS)) {
  test(name, async ({ page }) => {
    test.setTimeout(WALK_MS);
    // Not galata's own object, which has an idea of its own of addresses.
    const [own] = page.context().pages();
    await walk(own, eye);
  });
}

/** What moves by itself, or would when it changes, in parts of ours. */
function moving(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll('[class*="jp-rsdat-"]')]
      .filter(node => {
        const { animationName, transitionDuration, transitionProperty } =
          getComputedStyle(node);
        return (
          animationName !== 'none' ||
          (transitionProperty !== 'none' &&
            transitionDuration.split(',').some(each => parseFloat(each) > 0))
        );
      })
      .map(node => node.className)
  );
}

test('nothing moves for who wants that, and what is cut off would be seen', async ({
  page
}) => {
  await openBusy(page);
  const [own] = page.context().pages();
  await showActivity(page, 'spider-1');
  await own.emulateMedia({ reducedMotion: 'no-preference' });
  expect((await moving(own)).join()).toContain('jp-rsdat-Overview-done');
  await own.emulateMedia({ reducedMotion: 'reduce' });
  expect(await moving(own)).toEqual([]);

  const side = ['#jp-rsdat-sidebar'];
  expect(await cutOff(own, side, [])).toEqual([]);
  for (const [broken, words] of [
    ['.jp-rsdat-Card button { min-width: 600px }', 'is cut off: <button'],
    [
      '.jp-rsdat-Card { width: 900px } .jp-rsdat-Clusters { overflow-x: auto }',
      'scrolls sideways: <div class="jp-rsdat-Clusters'
    ],
    [
      '.jp-rsdat-Clusters { max-height: 300px; overflow: hidden }',
      'is cut off: <summary'
    ],
    [
      '.jp-rsdat-Card-name { display: block; width: 20px; overflow: hidden; text-overflow: clip }',
      'its text is cut off: <strong'
    ]
  ]) {
    const style = await own.addStyleTag({ content: broken });
    expect((await cutOff(own, side, [])).join('\n')).toContain(words);
    await style.evaluate(node => (node as Element).remove());
  }
});
