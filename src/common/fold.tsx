/** A part of a side panel that folds away under its title, and says in a word what is in it. */
import { caretDownIcon, caretRightIcon } from '@jupyterlab/ui-components';
import React from 'react';

export interface IFoldProps {
  label: string;
  /** What is in it, beside the title. */
  summary: string;
  isOpen: boolean;
  onToggle: () => void;
  /** Buttons beside the title. */
  tools?: React.ReactNode;
  /** What a screen reader says when it changes. */
  announcement: string;
  children: React.ReactNode;
}

export function Fold(props: IFoldProps): JSX.Element {
  const { announcement, children, isOpen, label, summary, tools } = props;
  const Caret = isOpen ? caretDownIcon : caretRightIcon;
  const id = React.useId();
  return (
    <div className="jp-rsdat-Fold">
      <div className="jp-rsdat-Fold-header">
        <h3>
          <button
            type="button"
            aria-expanded={isOpen}
            aria-controls={isOpen ? id : undefined}
            onClick={props.onToggle}
          >
            <Caret.react tag="span" className="jp-rsdat-Fold-caret" />
            {label}
            <span className="jp-rsdat-Fold-summary">{summary}</span>
          </button>
        </h3>
        {isOpen && tools}
      </div>
      {isOpen && (
        <div id={id} className="jp-rsdat-Fold-content">
          {children}
        </div>
      )}
      <div className="jp-rsdat-Fold-announcement" role="status">
        {announcement}
      </div>
    </div>
  );
}

/** A bar that tells how far something is, also to who does not see it. */
export function ProgressBar(props: {
  label: string;
  /** 0 to 1; null while it is not known. */
  part: number | null;
  /** How far it is, in words. */
  text: string;
}): JSX.Element {
  const { label, part, text } = props;
  const percent = part === null ? null : Math.floor(part * 100);
  return (
    <div
      role="progressbar"
      className={`jp-rsdat-Progress${percent === null ? ' jp-mod-unknown' : ''}`}
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent ?? undefined}
      aria-valuetext={text}
    >
      <div style={percent === null ? undefined : { width: `${percent}%` }} />
    </div>
  );
}
