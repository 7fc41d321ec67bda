/** What narrows the items: text, area, time, and which of their assets are meant. */
import type { TranslationBundle } from '@jupyterlab/translation';
import { caretDownIcon, caretRightIcon } from '@jupyterlab/ui-components';
import React from 'react';
import { boxText, isFiltered, parseBox } from '../filter';
import type { ItemsModel } from '../model';
import { useVersion } from './context';
import { TimeSlider } from './timeslider';

interface IProps {
  items: ItemsModel;
  trans: TranslationBundle;
}

export function FilterBar(props: IProps): JSX.Element {
  const { trans } = props;
  const items = useVersion(props.items);
  const { filter } = items;
  return (
    <div
      className="jp-rsdat-StacFilter"
      role="group"
      aria-label={trans.__('Filter items')}
    >
      <div className="jp-rsdat-StacFilter-fields">
        <input
          type="search"
          className="jp-rsdat-Stac-input"
          aria-label={trans.__('Filter by name')}
          placeholder={trans.__('Filter by name')}
          spellCheck={false}
          value={filter.text ?? ''}
          onChange={event => items.setFilter({ text: event.target.value })}
        />
        <AreaField {...props} />
        {isFiltered(filter) && (
          <button
            type="button"
            className="jp-rsdat-Stac-button"
            title={trans.__('Show all items')}
            onClick={() => items.clearFilter()}
          >
            {trans.__('Clear filter')}
          </button>
        )}
      </div>
      <TimeSlider {...props} />
      <AssetChoice {...props} />
    </div>
  );
}

/** The area, typed; drawn on the map it stands here, too. */
function AreaField({ items, trans }: IProps): JSX.Element {
  const { bbox } = items.filter;
  const [text, setText] = React.useState(bbox ?? '');
  const id = React.useId();
  React.useEffect(() => setText(bbox ?? ''), [bbox]);
  const isWrong = text.trim() !== '' && parseBox(text) === null;
  const take = (): void => {
    const box = parseBox(text);
    if (box || text.trim() === '') {
      items.setFilter({ bbox: box ? boxText(box) : undefined });
    }
  };
  return (
    <span className="jp-rsdat-StacFilter-area">
      <input
        type="text"
        className="jp-rsdat-Stac-input"
        aria-label={trans.__('Area: west, south, east, north in degrees')}
        placeholder={trans.__('west, south, east, north')}
        title={trans.__('Area: west, south, east, north in degrees')}
        spellCheck={false}
        autoComplete="off"
        value={text}
        aria-invalid={isWrong}
        aria-describedby={isWrong ? id : undefined}
        onChange={event => setText(event.target.value)}
        onBlur={take}
        onKeyDown={event => {
          if (event.key === 'Enter') {
            take();
          }
        }}
      />
      {isWrong && (
        <span id={id} className="jp-rsdat-Stac-wrong" role="alert">
          {trans.__('Four numbers, such as 4.2, 51.8, 4.6, 52.1')}
        </span>
      )}
    </span>
  );
}

/** The assets that code opens and copies bring. */
function AssetChoice({ items, trans }: IProps): JSX.Element | null {
  const [isOpen, setOpen] = React.useState(false);
  const id = React.useId();
  const all = items.summary?.assets ?? [];
  const chosen = items.assets;
  if (all.length === 0) {
    return null;
  }
  const Caret = isOpen ? caretDownIcon : caretRightIcon;
  return (
    <div className="jp-rsdat-StacAssets-choice">
      <button
        type="button"
        className="jp-rsdat-Stac-fold"
        aria-expanded={isOpen}
        aria-controls={isOpen ? id : undefined}
        title={trans.__('Which assets code opens, and copies bring')}
        onClick={() => setOpen(!isOpen)}
      >
        <Caret.react tag="span" />
        {trans.__('Assets: %1', chosen.join(', ') || trans.__('none'))}
      </button>
      {isOpen && (
        <div
          id={id}
          className="jp-rsdat-StacAssets-keys"
          role="group"
          aria-label={trans.__('Assets')}
        >
          {all.map(({ count, key, title }) => (
            <label key={key} title={title ?? undefined}>
              <input
                type="checkbox"
                checked={chosen.includes(key)}
                onChange={event =>
                  items.chooseAssets(
                    all
                      .map(asset => asset.key)
                      .filter(other =>
                        other === key
                          ? event.target.checked
                          : chosen.includes(other)
                      )
                  )
                }
              />
              {key}{' '}
              <span className="jp-rsdat-Stac-faint">
                {count.toLocaleString()}
              </span>
            </label>
          ))}
        </div>
      )}
    </div>
  );
}
