/** A language in which every text of ours stands in brackets, and what on a page does not. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from '@playwright/test';

/** Esperanto: Lab's server takes only languages that there are. */
export const LANGUAGE = 'eo';
const OPEN = '⟦';
const CLOSE = '⟧';
const TEMPLATE = join(__dirname, '../../rsdat/locale/jupyterlab_rsdat.pot');

function bracketed(text: string): string {
  return `${OPEN}${text}${CLOSE}`;
}

/** The catalog of this language, as Lab's server hands out those of language packs. */
export function catalog(): Record<string, unknown> {
  const messages: Record<string, unknown> = {
    '': {
      domain: 'jupyterlab_rsdat',
      language: LANGUAGE,
      plural_forms: 'nplurals=2; plural=(n != 1);'
    }
  };
  const entries = readFileSync(TEMPLATE, 'utf8').split('\n\n').slice(1);
  for (const entry of entries) {
    const part = (name: string): string | null => {
      const found = entry.match(new RegExp(`^${name} (".*")$`, 'm'));
      return found ? JSON.parse(found[1]) : null;
    };
    const [context, text] = [part('msgctxt'), part('msgid')!];
    const plural = part('msgid_plural');
    const key = context === null ? text : `${context}\u0004${text}`;
    messages[key] = [text, ...(plural === null ? [] : [plural])].map(bracketed);
  }
  return messages;
}

/** Let Lab have this language, whatever is installed. */
export async function speak(page: Page): Promise<void> {
  await page.route(new RegExp(`/lab/api/translations/${LANGUAGE}`), route =>
    route.fulfill({
      json: { data: { jupyterlab_rsdat: catalog() }, message: '' }
    })
  );
}

/**
 * What can be read, or is spoken, in parts of a page and stands in no brackets.
 *
 * @param include - CSS selectors.
 * @param exclude - Of what is not ours inside them.
 */
export async function english(
  page: Page,
  include: readonly string[],
  exclude: readonly string[] = []
): Promise<string[]> {
  return await page.evaluate(
    ([include, exclude, open, close]) => {
      const outside = (text: string): string => {
        let depth = 0;
        let kept = '';
        for (const letter of text) {
          depth += letter === open ? 1 : 0;
          kept += depth === 0 ? letter : '';
          depth -= letter === close ? 1 : 0;
        }
        return kept.trim();
      };
      const found = new Set<string>();
      const add = (text: string | null): void => {
        const left = outside(text ?? '');
        if (/\p{L}{2}/u.test(left)) {
          found.add(left);
        }
      };
      const skipped = ['script', 'style', 'svg', 'code', 'pre', ...exclude];
      for (const root of document.querySelectorAll(include.join())) {
        // A text may be drawn in parts, with elements between them: what is in one block is one.
        const copy = root.cloneNode(true) as Element;
        copy.querySelectorAll(skipped.join()).forEach(node => node.remove());
        for (const node of [copy, ...copy.querySelectorAll('*')]) {
          for (const name of [
            'aria-description',
            'aria-label',
            'aria-roledescription',
            'aria-valuetext',
            'alt',
            'placeholder',
            'title'
          ]) {
            add(node.getAttribute(name));
          }
        }
        const walker = document.createTreeWalker(copy, NodeFilter.SHOW_TEXT);
        let depth = 0;
        while (walker.nextNode()) {
          const text = walker.currentNode.nodeValue ?? '';
          add(open.repeat(depth) + text);
          depth += text.split(open).length - text.split(close).length;
        }
      }
      return [...found].sort();
    },
    [include, exclude, OPEN, CLOSE] as const
  );
}

/** Every word that our part of the server has said to a page: names, states, what went wrong. */
export class Words {
  /**
   * @param more - Words that need no translation, separated by blanks.
   */
  constructor(page: Page, more: readonly string[]) {
    more.forEach(text => this._add(text));
    page.on('response', response => {
      if (
        response.url().includes('/rsdat/') &&
        response.headers()['content-type']?.includes('json')
      ) {
        const heard = response.json().then(
          value => this._addAll(value, response.url().includes('plots')),
          // Its body may be gone with its page.
          () => undefined
        );
        this._heard.push(heard);
      }
    });
  }

  /** Those of the texts that have a word which nobody said. */
  async unknown(texts: readonly string[]): Promise<string[]> {
    // What is on the page has been answered; that we have read it, too, has to be waited for.
    await Promise.all(this._heard);
    return texts.filter(text =>
      wordsOf(text).some(word => !this._known.has(word))
    );
  }

  private _add(text: string): void {
    wordsOf(text).forEach(word => this._known.add(word));
  }

  private _addAll(value: unknown, withKeys: boolean): void {
    if (typeof value === 'string') {
      this._add(value);
    } else if (value !== null && typeof value === 'object') {
      for (const [key, each] of Object.entries(value)) {
        if (withKeys) {
          this._add(key);
        }
        this._addAll(each, withKeys);
      }
    }
  }

  /** Answers that are read. */
  private readonly _heard: Promise<void>[] = [];
  private readonly _known = new Set<string>();
}

/** With at least two letters. */
function wordsOf(text: string): string[] {
  return text.match(/\p{L}{2,}/gu) ?? [];
}
