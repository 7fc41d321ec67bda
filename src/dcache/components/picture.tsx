/** A small picture of the selected file, or why there is none. */
import React from 'react';
import { TapeCommandIDs } from '../tape/ids';
import { useDetails, type IPanelContext } from './state';

export function PanePicture(props: IPanelContext): JSX.Element | null {
  const { commands, trans } = props;
  const { entry, picture } = useDetails(props.details);
  const png = picture.state === 'ready' ? picture.png : null;
  const url = useObjectUrl(png);
  switch (picture.state) {
    case 'none':
      return null;
    case 'loading':
      return (
        <p className="jp-rsdat-DCache-hint">
          {trans.__('Loading the picture…')}
        </p>
      );
    case 'on-tape':
      return (
        <p className="jp-rsdat-DCache-hint">
          {trans.__('The file is on tape: no picture before it is staged.')}{' '}
          <button
            type="button"
            className="jp-mod-styled jp-mod-accept"
            onClick={() => void commands.execute(TapeCommandIDs.stage)}
          >
            {trans.__('Stage')}
          </button>
        </p>
      );
    case 'failed':
      return (
        <p className="jp-rsdat-DCache-hint">
          {trans.__('No picture: %1', picture.problem.text)}
        </p>
      );
    case 'ready':
      return url === null ? null : (
        <img
          className="jp-rsdat-DCache-picture"
          src={url}
          alt={trans.__('Picture of %1', entry?.name ?? '')}
        />
      );
  }
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
