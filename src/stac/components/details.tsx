/** The chosen item: picture, description, properties, assets. All of it is text, whatever it holds. */
import type { CommandRegistry } from '@lumino/commands';
import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';
import type { ItemModel, Picture } from '../item';
import { headOf, propertiesOf } from '../properties';
import { Assets } from './assets';
import { useVersion } from './context';

interface IProps {
  model: ItemModel;
  commands: CommandRegistry;
  trans: TranslationBundle;
}

export function ItemDetails(props: IProps): JSX.Element {
  const { trans } = props;
  const model = useVersion(props.model);
  const { chosen, item, problem } = model;
  return (
    <section
      className="jp-rsdat-StacDetails"
      aria-label={trans.__('Item details')}
      tabIndex={0}
    >
      {chosen === null ? (
        <p className="jp-rsdat-Stac-hint">
          {trans.__('Select an item in the table or on the map.')}
        </p>
      ) : (
        <>
          <h3>{chosen.id}</h3>
          {problem && (
            <div className="jp-rsdat-Stac-problem" role="alert">
              <p>{problem.text}</p>
              <button
                type="button"
                className="jp-mod-styled"
                onClick={() => void model.retry()}
              >
                {trans.__('Try again')}
              </button>
            </div>
          )}
          {!item && !problem && (
            <p className="jp-rsdat-Stac-hint" role="status">
              {trans.__('Loading…')}
            </p>
          )}
          {item && (
            <>
              <Thumbnail
                picture={model.picture}
                name={chosen.id}
                trans={trans}
              />
              <About item={item.item as Record<string, unknown>} />
              <Assets {...props} model={model} assets={item.assets} />
              <Properties
                item={item.item as Record<string, unknown>}
                trans={trans}
              />
            </>
          )}
        </>
      )}
    </section>
  );
}

function About({
  item
}: {
  item: Record<string, unknown>;
}): JSX.Element | null {
  const { description, title } = headOf(item);
  return (
    <>
      {title && <p className="jp-rsdat-StacDetails-title">{title}</p>}
      {description && (
        <p className="jp-rsdat-StacDetails-description">{description}</p>
      )}
    </>
  );
}

function Thumbnail(props: {
  picture: Picture;
  name: string;
  trans: TranslationBundle;
}): JSX.Element | null {
  const { name, picture, trans } = props;
  const url = useObjectUrl(picture.state === 'ready' ? picture.png : null);
  const [isBroken, setBroken] = React.useState(false);
  const address = picture.state === 'address' ? picture.url : url;
  React.useEffect(() => setBroken(false), [address]);
  if (picture.state === 'loading') {
    return (
      <p className="jp-rsdat-Stac-hint">{trans.__('Loading the picture…')}</p>
    );
  }
  if (picture.state === 'failed') {
    return (
      <p className="jp-rsdat-Stac-hint">
        {trans.__('No picture: %1', picture.problem.text)}
      </p>
    );
  }
  if (address === null || isBroken) {
    return isBroken ? (
      <p className="jp-rsdat-Stac-hint">
        {trans.__('The picture can’t be loaded from where it is.')}
      </p>
    ) : null;
  }
  return (
    <img
      className="jp-rsdat-StacDetails-picture"
      src={address}
      alt={trans.__('Picture of %1', name)}
      // Its server need not learn where it is shown.
      referrerPolicy="no-referrer"
      onError={() => setBroken(true)}
    />
  );
}

/** An address of bytes for as long as they are shown. */
function useObjectUrl(png: ArrayBuffer | null): string | null {
  const [url, setUrl] = React.useState<string | null>(null);
  React.useEffect(() => {
    if (png === null) {
      setUrl(null);
      return;
    }
    const made = URL.createObjectURL(new Blob([png], { type: 'image/png' }));
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [png]);
  return url;
}

function Properties(props: {
  item: Record<string, unknown>;
  trans: TranslationBundle;
}): JSX.Element {
  const { item, trans } = props;
  const [text, setText] = React.useState('');
  const lines = propertiesOf(item, text);
  return (
    <>
      <h4>{trans.__('Properties')}</h4>
      <input
        type="search"
        className="jp-rsdat-Stac-input"
        aria-label={trans.__('Filter properties')}
        placeholder={trans.__('Filter properties')}
        spellCheck={false}
        value={text}
        onChange={event => setText(event.target.value)}
      />
      <table
        className="jp-rsdat-StacDetails-properties"
        aria-label={trans.__('Properties')}
      >
        <tbody>
          {lines.map(({ name, value }) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>{value}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {lines.length === 0 && (
        <p className="jp-rsdat-Stac-hint">
          {trans.__('No property fits the filter.')}
        </p>
      )}
    </>
  );
}
