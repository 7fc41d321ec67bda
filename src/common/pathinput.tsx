/** A field in which the path of a folder is typed; names of folders complete it. */
import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

/** How long to wait for the end of typing before folders are asked for. */
const TYPED_MS = 150;

/** Paths of folders that complete what is typed. */
export type CompletePath = (
  typed: string,
  signal: AbortSignal
) => Promise<readonly string[]>;

export interface IPathInputProps {
  id?: string;
  /** Accessible name, where no label is. */
  label?: string;
  text: string;
  onChange: (text: string) => void;
  complete: CompletePath;
  /** An offered folder was chosen, by Enter or the mouse. */
  onChoose: (path: string) => void;
  /** Enter where no offer is chosen; without it the key is somebody else's. */
  onEnter?: () => void;
  /** Escape; without it the key is somebody else's. */
  onEscape?: () => void;
  onBlur?: () => void;
  problemId?: string;
  isInvalid?: boolean;
  className: string;
  trans: TranslationBundle;
}

export function PathInput(props: IPathInputProps): JSX.Element {
  const { complete, onChange, text, trans } = props;
  const [offered, setOffered] = React.useState<readonly string[]>([]);
  const [chosen, setChosen] = React.useState(-1);
  const list = React.useRef<HTMLUListElement>(null);
  const id = React.useId();

  React.useEffect(() => {
    // What was offered for another text is not what the next Enter means.
    setChosen(-1);
    const control = new AbortController();
    const timer = setTimeout(async () => {
      const paths = await complete(text, control.signal);
      if (!control.signal.aborted) {
        setOffered(paths);
        setChosen(-1);
      }
    }, TYPED_MS);
    return () => {
      clearTimeout(timer);
      control.abort();
    };
  }, [text, complete]);

  React.useEffect(() => {
    // Newer browsers return a promise, which React would take for a clean-up.
    void list.current?.children[chosen]?.scrollIntoView?.({ block: 'nearest' });
  }, [chosen]);

  const onKeyDown = (event: React.KeyboardEvent): void => {
    const { key } = event;
    const hasChosen = chosen >= 0 && chosen < offered.length;
    // A path that ends in a slash is complete: the key leads on, not ever deeper.
    const canTab = offered.length > 0 && (hasChosen || !text.endsWith('/'));
    if (key === 'Enter' && hasChosen) {
      props.onChoose(offered[chosen]);
    } else if (key === 'Enter' && props.onEnter) {
      props.onEnter();
    } else if (key === 'Escape' && props.onEscape) {
      props.onEscape();
    } else if (key === 'ArrowDown' && offered.length > 0) {
      setChosen((chosen + 1) % offered.length);
    } else if (key === 'ArrowUp' && offered.length > 0) {
      setChosen(chosen <= 0 ? offered.length - 1 : chosen - 1);
    } else if (key === 'Tab' && !event.shiftKey && canTab) {
      onChange(`${offered[Math.max(0, chosen)]}/`);
    } else {
      // Letters are for the field alone: a list around it would take them for names.
      event.stopPropagation();
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <div className={`jp-rsdat-PathInput ${props.className}`}>
      <input
        id={props.id}
        type="text"
        role="combobox"
        aria-label={props.label}
        aria-autocomplete="list"
        aria-expanded={offered.length > 0}
        aria-controls={`${id}-list`}
        aria-activedescendant={chosen >= 0 ? `${id}-${chosen}` : undefined}
        aria-invalid={props.isInvalid}
        aria-describedby={props.problemId}
        // A dialog around it would take Enter for its own.
        data-own-enter={chosen >= 0 ? true : undefined}
        spellCheck={false}
        autoComplete="off"
        autoFocus
        value={text}
        onChange={event => onChange(event.target.value)}
        onFocus={event => event.target.select()}
        onKeyDown={onKeyDown}
        onBlur={props.onBlur}
      />
      <ul
        ref={list}
        id={`${id}-list`}
        role="listbox"
        aria-label={trans.__('Folders')}
        hidden={offered.length === 0}
      >
        {offered.map((path, index) => (
          <li
            key={path}
            id={`${id}-${index}`}
            className="jp-rsdat-PathInput-offer"
            role="option"
            aria-selected={index === chosen}
            title={path}
            // Before the field loses the focus, which would close the list.
            onMouseDown={event => {
              event.preventDefault();
              props.onChoose(path);
            }}
          >
            {path}
          </li>
        ))}
      </ul>
    </div>
  );
}

/** The same as a labelled field of a form, where an offer that is chosen is taken into the field. */
export function PathFormField(props: {
  label: string;
  value: string;
  onChange: (value: string) => void;
  complete: CompletePath;
  /** What is wrong with the value. */
  problem?: string;
  trans: TranslationBundle;
}): JSX.Element {
  const { label, onChange, problem, value } = props;
  const id = React.useId();
  return (
    <>
      <label htmlFor={id}>{label}</label>
      <PathInput
        id={id}
        className="jp-mod-form"
        text={value}
        onChange={onChange}
        complete={props.complete}
        onChoose={path => onChange(`${path}/`)}
        problemId={`${id}-problem`}
        isInvalid={problem !== undefined}
        trans={props.trans}
      />
      <span
        id={`${id}-problem`}
        className="jp-rsdat-Form-problem"
        aria-live="polite"
      >
        {problem}
      </span>
    </>
  );
}
