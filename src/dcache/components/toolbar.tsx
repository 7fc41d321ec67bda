/** The row of buttons above the list. */
import {
  HTMLSelect,
  fileUploadIcon,
  newFolderIcon,
  refreshIcon,
  type LabIcon
} from '@jupyterlab/ui-components';
import React from 'react';
import {
  backIcon,
  bookmarksIcon,
  detailsIcon,
  forwardIcon,
  serverIcon
} from '../icons';
import { AccessCommandIDs } from '../endpoints/ids';
import { CommandIDs, TransferCommandIDs } from '../ids';
import { openBookmarks } from './bookmarkmenu';
import { useDetails, useModel, type IPanelContext } from './state';

export function Tools(props: IPanelContext): JSX.Element {
  const { commands, trans } = props;
  const model = useModel(props.model);
  const details = useDetails(props.details);
  const endpoints = model.endpoints ?? [];
  const canWrite = model.listing?.isLoaded ?? false;
  const run = (command: string) => () => void commands.execute(command);
  return (
    <div className="jp-rsdat-DCache-tools">
      {endpoints.length > 1 && (
        <HTMLSelect
          className="jp-rsdat-DCache-endpoints"
          aria-label={trans.__('Endpoint')}
          value={model.endpoint ?? ''}
          onChange={event => void model.openEndpoint(event.target.value)}
        >
          {endpoints.map(({ name, api_url }) => (
            <option key={name} value={name} title={api_url}>
              {name}
            </option>
          ))}
        </HTMLSelect>
      )}
      <span className="jp-rsdat-DCache-buttons">
        <ToolButton
          icon={backIcon}
          label={trans.__('Back')}
          keys="Alt+ArrowLeft"
          isEnabled={model.canGo(-1)}
          onClick={() => void model.goBy(-1)}
        />
        <ToolButton
          icon={forwardIcon}
          label={trans.__('Forward')}
          keys="Alt+ArrowRight"
          isEnabled={model.canGo(1)}
          onClick={() => void model.goBy(1)}
        />
        <ToolButton
          icon={bookmarksIcon}
          label={trans.__('Bookmarks')}
          isEnabled={model.endpoint !== null}
          hasMenu
          onClick={event => openBookmarks(props, event.currentTarget)}
        />
        <ToolButton
          icon={fileUploadIcon}
          label={trans.__('Upload')}
          isEnabled={canWrite}
          onClick={run(TransferCommandIDs.upload)}
        />
        <ToolButton
          icon={newFolderIcon}
          label={trans.__('New folder')}
          isEnabled={canWrite}
          onClick={run(CommandIDs.newFolder)}
        />
        <ToolButton
          icon={refreshIcon}
          label={trans.__('Refresh')}
          isEnabled={true}
          onClick={() => {
            void model.refresh();
            details.renew();
          }}
        />
        <ToolButton
          icon={detailsIcon}
          label={trans.__('Details')}
          isEnabled={true}
          isPressed={details.isOpen}
          onClick={() => {
            details.isOpen = !details.isOpen;
          }}
        />
        {commands.hasCommand(AccessCommandIDs.endpoints) && (
          <ToolButton
            icon={serverIcon}
            label={trans.__('Endpoints…')}
            isEnabled={true}
            onClick={run(AccessCommandIDs.endpoints)}
          />
        )}
      </span>
    </div>
  );
}

export function ToolButton(props: {
  icon: LabIcon;
  label: string;
  isEnabled: boolean;
  /** Given for a button that stays down. */
  isPressed?: boolean;
  hasMenu?: boolean;
  /** The keys that do the same, in the form of `aria-keyshortcuts`. */
  keys?: string;
  onClick: (event: React.MouseEvent<HTMLButtonElement>) => void;
}): JSX.Element {
  const { isPressed, keys, label } = props;
  return (
    <button
      type="button"
      className="jp-rsdat-DCache-button"
      title={keys ? `${label} (${keys.replace('Arrow', '')})` : label}
      aria-label={label}
      aria-pressed={isPressed}
      aria-keyshortcuts={keys}
      aria-haspopup={props.hasMenu ? 'menu' : undefined}
      aria-expanded={props.hasMenu ? false : undefined}
      disabled={!props.isEnabled}
      onClick={props.onClick}
    >
      <props.icon.react tag="span" stylesheet="toolbarButton" />
    </button>
  );
}
