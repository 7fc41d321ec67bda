/** The part of a log that is held, with its place kept while parts are added. */
import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';
import type { LogModel } from './model';

interface ITextProps {
  log: LogModel;
  /** The text that was jumped to, to be marked. */
  found: string;
  trans: TranslationBundle;
}

const UPWARDS = ['ArrowUp', 'PageUp', 'Home'];

export function LogText(props: ITextProps): JSX.Element {
  const { log, trans } = props;
  const ref = React.useRef<HTMLPreElement>(null);
  const markRef = React.useRef<HTMLElement>(null);
  const last = React.useRef({ start: 0, height: 0 });
  const { text, start, isFollowing, mark } = log;

  React.useLayoutEffect(() => {
    const node = ref.current;
    if (!node) {
      return;
    }
    if (isFollowing) {
      node.scrollTop = node.scrollHeight;
    } else if (start < last.current.start && mark === null) {
      // Lines came before those that are read: these stay where they are.
      node.scrollTop += node.scrollHeight - last.current.height;
    }
    last.current = { start, height: node.scrollHeight };
  }, [text, start, isFollowing, mark]);

  React.useEffect(() => {
    markRef.current?.scrollIntoView?.({ block: 'center' });
  }, [mark, start, log.source]);

  const stay = (): void => {
    // Who scrolls up wants to read, not to be drawn down again.
    log.isFollowing = false;
  };
  return (
    <pre
      ref={ref}
      className={`jp-rsdat-Log-text${log.isWrapped ? ' jp-mod-wrapped' : ''}`}
      role="log"
      aria-label={trans.__('Log')}
      aria-live={isFollowing ? 'polite' : 'off'}
      tabIndex={0}
      onWheel={event => {
        if (event.deltaY < 0 && isFollowing) {
          stay();
        }
      }}
      onKeyDown={event => {
        if (UPWARDS.includes(event.key) && isFollowing) {
          stay();
        }
      }}
    >
      {log.isCut && (
        <button
          type="button"
          className="jp-rsdat-Button jp-rsdat-Log-more"
          onClick={() => void log.earlier()}
        >
          {trans.__('Show earlier lines')}
        </button>
      )}
      {mark === null ? (
        text
      ) : (
        <>
          {text.slice(0, mark)}
          <mark ref={markRef}>
            {text.slice(mark, mark + props.found.length)}
          </mark>
          {text.slice(mark + props.found.length)}
        </>
      )}
      {!text && !log.error && trans.__('(empty)')}
      {log.hasLater && !isFollowing && (
        <button
          type="button"
          className="jp-rsdat-Button jp-rsdat-Log-more"
          onClick={() => void log.later()}
        >
          {trans.__('Show later lines')}
        </button>
      )}
    </pre>
  );
}
