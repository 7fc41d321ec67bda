/** A list that folds away: why it is old, that it is empty, its first items, and a way to more. */
import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';
import { Fold } from './fold';
import type { ApiError } from './request';

/** Items shown at once; the companion keeps some hundred. */
const SHOWN = 30;

export interface IFoldedListProps<T extends { readonly id: string }> {
  label: string;
  /** What is in it, beside the title. */
  summary: string;
  /** What a screen reader says when it changes. */
  announcement: string;
  /** Buttons beside the title. */
  tools?: React.ReactNode;
  /** Whether it is unfolded; kept by the page, as Lab unmounts components. */
  fold: { isOpen: boolean };
  items: readonly T[];
  /** Whether `items` is what the companion said, not just the empty start. */
  isReady: boolean;
  /** Why they are old, when the last request failed. */
  error: ApiError | null;
  refresh: () => Promise<void>;
  /** What is said where there is none. */
  none: string;
  /** Above the items. */
  before?: React.ReactNode;
  draw: (item: T) => JSX.Element;
  trans: TranslationBundle;
}

export function FoldedList<T extends { readonly id: string }>(
  props: IFoldedListProps<T>
): JSX.Element {
  const { error, fold, items, label, trans } = props;
  const [, draw] = React.useReducer((count: number) => count + 1, 0);
  const [shown, setShown] = React.useState(SHOWN);
  return (
    <Fold
      label={label}
      summary={props.summary}
      isOpen={fold.isOpen}
      onToggle={() => {
        fold.isOpen = !fold.isOpen;
        draw();
      }}
      announcement={props.announcement}
      tools={props.tools}
    >
      {error && (
        <div className="jp-rsdat-Banner" role="alert">
          <p>{error.text}</p>
          <button
            type="button"
            className="jp-rsdat-Button"
            onClick={() => void props.refresh()}
          >
            {trans.__('Try again')}
          </button>
        </div>
      )}
      {props.before}
      {items.length === 0 && !error && (
        <p className="jp-rsdat-Empty">
          {props.isReady ? props.none : trans.__('Loading…')}
        </p>
      )}
      <ul className="jp-rsdat-Transfers" aria-label={label}>
        {items.slice(0, shown).map(item => (
          <React.Fragment key={item.id}>{props.draw(item)}</React.Fragment>
        ))}
      </ul>
      {items.length > shown && (
        <button
          type="button"
          className="jp-rsdat-Button"
          onClick={() => setShown(shown + SHOWN)}
        >
          {trans.__('Show more (%1)', items.length - shown)}
        </button>
      )}
    </Fold>
  );
}
