/** The dialog of an order for tape: what it is about, how long, and whether folders in folders too. */
import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';
import { CheckField, ChoiceField } from '../../common/fields';
import { Form } from '../../common/form';
import { FormDialog } from '../../common/formdialog';
import type { IEntry } from '../../common/types';
import { formatBytes } from '../../common/units';
import type { Activity } from './api';

const DAY_S = 86_400;

/** The shortest and the longest pin (docs/api.yaml, TapeOrder), in seconds. */
export const LEAST_KEEP_S = 60;
export const MOST_KEEP_S = 365 * DAY_S;

/** How long files are kept if nothing is said. */
export const USUAL_KEEP_S = 7 * DAY_S;

/** The choice that a date is given for. */
const UNTIL = 'until';

export interface IOrderChoice {
  /** Seconds; null for a release. */
  keep_s: number | null;
  recursive: boolean;
}

interface IFields {
  /** Seconds, or `until`. */
  keep: string;
  /** A day as date fields have it, `2026-11-28`. */
  until: string;
  recursive: boolean;
}

/** Seconds from now to the end of a day in the reader's zone; null for what is no day. */
export function secondsUntil(day: string, now: Date): number | null {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(day);
  if (!match) {
    return null;
  }
  const [year, month, date] = match.slice(1).map(Number);
  const end = new Date(year, month - 1, date, 23, 59, 59);
  return Math.round((end.getTime() - now.getTime()) / 1000);
}

export class OrderForm extends Form<IFields, IOrderChoice> {
  constructor(
    activity: Activity,
    entries: readonly IEntry[],
    trans: TranslationBundle,
    now: () => Date = () => new Date()
  ) {
    super({ keep: String(USUAL_KEEP_S), until: '', recursive: false });
    this._activity = activity;
    this._entries = entries;
    this._trans = trans;
    this._now = now;
  }

  getValue(): IOrderChoice | null {
    const { keep, recursive, until } = this.fields;
    if (this._activity === 'release') {
      return { keep_s: null, recursive };
    }
    const keep_s =
      keep === UNTIL ? secondsUntil(until, this._now()) : Number(keep);
    return keep_s !== null && keep_s >= LEAST_KEEP_S && keep_s <= MOST_KEEP_S
      ? { keep_s, recursive }
      : null;
  }

  protected render(): JSX.Element {
    const trans = this._trans;
    const { keep, recursive, until } = this.fields;
    const days = (count: number): [string, string] => [
      String(count * DAY_S),
      trans._n('%1 day', '%1 days', count)
    ];
    const hasFolders = this._entries.some(({ type }) => type === 'directory');
    return (
      <div className="jp-rsdat-Form-grid">
        <p className="jp-rsdat-Form-hint">
          {amountWords(this._entries, trans)} {this._explain()}
        </p>
        {this._activity !== 'release' && (
          <ChoiceField
            label={trans.__('Keep on disk for')}
            value={keep}
            choices={[
              days(1),
              days(7),
              days(30),
              days(180),
              [UNTIL, trans.__('until a date…')]
            ]}
            onChange={value => this.set({ keep: value })}
          />
        )}
        {this._activity !== 'release' && keep === UNTIL && (
          <DateField
            label={trans.__('Last day')}
            value={until}
            problem={
              until !== '' && !this.isValid
                ? trans.__('A day from today to one year from now')
                : undefined
            }
            onChange={value => this.set({ until: value })}
          />
        )}
        {hasFolders && (
          <CheckField
            label={trans.__('Also what is in folders of these folders')}
            isChecked={recursive}
            onChange={value => this.set({ recursive: value })}
          />
        )}
      </div>
    );
  }

  private _explain(): string {
    const trans = this._trans;
    switch (this._activity) {
      case 'stage':
        return trans.__(
          'dCache brings them from tape to disk, which takes minutes to days; you are told when they are there.'
        );
      case 'pin':
        return trans.__('What is on disk stays there for so long.');
      case 'release':
        return trans.__(
          'Pins of yours end: dCache takes the files off the disk when it needs the room. Copies on tape stay.'
        );
    }
  }

  private _activity: Activity;
  private _entries: readonly IEntry[];
  private _trans: TranslationBundle;
  private _now: () => Date;
}

/** Files with their bytes, and folders, of which nobody has counted the files yet. */
export function amountWords(
  entries: readonly IEntry[],
  trans: TranslationBundle
): string {
  const files = entries.filter(({ type }) => type !== 'directory');
  const folders = entries.length - files.length;
  const bytes = files.reduce((sum, { size }) => sum + (size ?? 0), 0);
  const ofFiles = trans._n(
    '%1 file (%2)',
    '%1 files (%2)',
    files.length,
    formatBytes(bytes)
  );
  const ofFolders = trans._n(
    'the files in %1 folder',
    'the files in %1 folders',
    folders
  );
  if (folders === 0) {
    return trans.__('%1.', ofFiles);
  }
  return files.length === 0
    ? trans.__('%1.', ofFolders)
    : trans.__('%1 and %2.', ofFiles, ofFolders);
}

function DateField(props: {
  label: string;
  value: string;
  problem?: string;
  onChange: (value: string) => void;
}): JSX.Element {
  const id = React.useId();
  return (
    <>
      <label htmlFor={id}>{props.label}</label>
      <input
        id={id}
        type="date"
        className="jp-mod-styled"
        value={props.value}
        aria-invalid={props.problem !== undefined}
        aria-describedby={`${id}-problem`}
        onChange={event => props.onChange(event.target.value)}
      />
      <span
        id={`${id}-problem`}
        className="jp-rsdat-Form-problem"
        aria-live="polite"
      >
        {props.problem}
      </span>
    </>
  );
}

/** Ask; null when cancelled. */
export async function askOrder(
  activity: Activity,
  entries: readonly IEntry[],
  trans: TranslationBundle
): Promise<IOrderChoice | null> {
  const [first] = entries;
  const name =
    entries.length === 1
      ? trans.__('“%1”', first.name)
      : trans._n('%1 entry', '%1 entries', entries.length);
  const [title, accept] = {
    stage: [trans.__('Stage %1 from tape', name), trans.__('Stage')],
    pin: [trans.__('Keep %1 on disk', name), trans.__('Keep')],
    release: [trans.__('Release %1', name), trans.__('Release')]
  }[activity];
  const result = await new FormDialog<IOrderChoice | null>({
    title,
    body: new OrderForm(activity, entries, trans),
    accept,
    cancel: trans.__('Cancel'),
    focus: activity === 'release' ? 'input' : 'select'
  }).launch();
  return result.button.accept ? result.value : null;
}
