/** What a page complained of. */
import { expect } from '@playwright/test';
import type { BrowserContext } from '@playwright/test';

/** Collects what the pages of a context, open and to come, throw, or write to their console as errors and warnings. */
export class Problems {
  constructor(context: BrowserContext) {
    context.on('weberror', error => {
      const { message, stack } = error.error();
      this._all.push(stack ?? message);
    });
    context.on('console', message => {
      if (['error', 'warning'].includes(message.type())) {
        this._all.push(`${message.text()}\n  at ${message.location().url}`);
      }
    });
  }

  /** Nothing came from us: no text, stack or address names us. */
  expectNoneOfOurs(): void {
    expect(this._all.filter(text => /rsdat/i.test(text))).toEqual([]);
  }

  private _all: string[] = [];
}
