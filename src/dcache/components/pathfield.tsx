/** The field in which a path is typed; names of folders complete it. */
import React from 'react';
import { typedPath } from '../paths';
import type { IPanelContext } from './state';

/** How long to wait for the end of typing before folders are asked for. */
const TYPED_MS = 150;

export function PathField(
  props: IPanelContext & { close: () => void }
): JSX.Element {
  const { close, complete, model, trans } = props;
  const [text, setText] = React.useState(() =>
    model.path === '/' ? '/' : `${model.path}/`
  );
  const [offered, setOffered] = React.useState<readonly string[]>([]);
  const [chosen, setChosen] = React.useState(-1);
  const field = React.useRef<HTMLInputElement>(null);
  const id = React.useId();

  React.useEffect(() => field.current!.select(), []);

  React.useEffect(() => {
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

  const go = (path: string): void => {
    close();
    void model.openPath(typedPath(path, model.path));
  };

  const onKeyDown = (event: React.KeyboardEvent): void => {
    const { key } = event;
    if (key === 'Escape') {
      close();
    } else if (key === 'Enter') {
      go(chosen >= 0 ? offered[chosen] : text);
    } else if (key === 'ArrowDown' && offered.length > 0) {
      setChosen((chosen + 1) % offered.length);
    } else if (key === 'ArrowUp' && offered.length > 0) {
      setChosen(chosen <= 0 ? offered.length - 1 : chosen - 1);
    } else if (key === 'Tab' && !event.shiftKey && offered.length > 0) {
      setText(`${offered[Math.max(0, chosen)]}/`);
    } else {
      // Letters are for the field alone: the list would take them for names.
      event.stopPropagation();
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <div className="jp-rsdat-DCache-path">
      <input
        ref={field}
        type="text"
        role="combobox"
        aria-label={trans.__('Path')}
        aria-autocomplete="list"
        aria-expanded={offered.length > 0}
        aria-controls={`${id}-list`}
        aria-activedescendant={chosen >= 0 ? `${id}-${chosen}` : undefined}
        spellCheck={false}
        autoComplete="off"
        autoFocus
        value={text}
        onChange={event => setText(event.target.value)}
        onKeyDown={onKeyDown}
        onBlur={close}
      />
      <ul
        id={`${id}-list`}
        role="listbox"
        aria-label={trans.__('Folders')}
        hidden={offered.length === 0}
      >
        {offered.map((path, index) => (
          <li
            key={path}
            id={`${id}-${index}`}
            className="jp-rsdat-DCache-offer"
            role="option"
            aria-selected={index === chosen}
            title={path}
            // Before the field loses the focus, which would close the list.
            onMouseDown={event => {
              event.preventDefault();
              go(path);
            }}
          >
            {path}
          </li>
        ))}
      </ul>
    </div>
  );
}
