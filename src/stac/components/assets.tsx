/** The files of an item: what they are, how large, where, and what can be done with them. */
import type { TranslationBundle } from '@jupyterlab/translation';
import {
  codeIcon,
  copyIcon,
  downloadIcon,
  launchIcon,
  type LabIcon
} from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import React from 'react';
import { describeLocality } from '../../common/locality';
import { localityIcons, tapeIcon } from '../../common/localityicons';
import type { IEntry } from '../../common/types';
import { formatBytes } from '../../common/units';
import { CommandIDs, OtherCommandIDs } from '../ids';
import type { IAsset, ItemModel } from '../item';

interface IProps {
  model: ItemModel;
  assets: readonly IAsset[];
  commands: CommandRegistry;
  trans: TranslationBundle;
}

export function Assets(props: IProps): JSX.Element {
  const { assets, trans } = props;
  return (
    <>
      <h4>{trans.__('Assets')}</h4>
      {assets.length === 0 && (
        <p className="jp-rsdat-Stac-hint">{trans.__('It has none.')}</p>
      )}
      <ul className="jp-rsdat-StacAssets" aria-label={trans.__('Assets')}>
        {assets.map(asset => (
          <Asset key={asset.key} {...props} asset={asset} />
        ))}
      </ul>
    </>
  );
}

function Asset(props: IProps & { asset: IAsset }): JSX.Element {
  const { asset, trans } = props;
  const facts = [
    asset.type,
    asset.size === null ? null : formatBytes(asset.size)
  ].filter(fact => fact !== null);
  return (
    <li>
      <div className="jp-rsdat-StacAssets-head">
        <strong title={asset.href}>{asset.key}</strong>
        {asset.title && asset.title !== asset.key && <span>{asset.title}</span>}
      </div>
      <div className="jp-rsdat-StacAssets-facts">
        {facts.length > 0 && <span>{facts.join(' · ')}</span>}
        <Locality asset={asset} trans={trans} />
      </div>
      <div
        className="jp-rsdat-StacAssets-tools"
        role="group"
        aria-label={trans.__('Actions on %1', asset.key)}
      >
        {actionsOf(props).map(({ Icon, label, run }) => (
          <button
            key={label}
            type="button"
            className="jp-rsdat-Stac-button"
            title={label}
            aria-label={`${label}: ${asset.key}`}
            onClick={run}
          >
            <Icon.react tag="span" />
          </button>
        ))}
      </div>
    </li>
  );
}

function Locality(props: {
  asset: IAsset;
  trans: TranslationBundle;
}): JSX.Element | null {
  const { asset, trans } = props;
  const { locality, place } = asset;
  if (locality === 'MISSING') {
    return <span className="jp-rsdat-Stac-wrong">{trans.__('not there')}</span>;
  }
  if (place === null) {
    return <span>{trans.__('elsewhere')}</span>;
  }
  const told = describeLocality(
    { type: 'file', locality: locality as IEntry['locality'] },
    trans
  );
  if (told === null) {
    return place.endpoint === null ? (
      <span>{trans.__('workspace')}</span>
    ) : null;
  }
  const icon = told.symbol === null ? null : localityIcons[told.symbol];
  return (
    <span
      className="jp-rsdat-StacAssets-locality"
      role="img"
      aria-label={told.text}
      title={told.text}
    >
      {icon && <icon.react tag="span" className="jp-rsdat-StacAssets-symbol" />}
      {told.word}
    </span>
  );
}

interface IAction {
  label: string;
  Icon: LabIcon;
  run: () => void;
}

/** What can be done with it where it is. */
function actionsOf({
  asset,
  commands,
  trans
}: IProps & { asset: IAsset }): IAction[] {
  const { href, place } = asset;
  const actions: IAction[] = [];
  const add = (
    label: string,
    Icon: LabIcon,
    command: string,
    args: Record<string, string | string[]>
  ): void => {
    if (commands.hasCommand(command)) {
      actions.push({
        label,
        Icon,
        run: () => void commands.execute(command, args)
      });
    }
  };
  const isThere = place !== null && asset.locality !== 'MISSING';
  if (isThere && place.endpoint !== null) {
    const { endpoint, path } = place;
    const files = { endpoint, paths: [path] };
    add(trans.__('Open'), launchIcon, OtherCommandIDs.openFile, {
      endpoint,
      path
    });
    add(
      trans.__('Insert code'),
      codeIcon,
      OtherCommandIDs.insertFileCode,
      files
    );
    add(
      trans.__('Download'),
      downloadIcon,
      OtherCommandIDs.downloadFiles,
      files
    );
    if (asset.locality === 'NEARLINE') {
      add(
        trans.__('Stage from tape'),
        tapeIcon,
        OtherCommandIDs.stageFiles,
        files
      );
    }
  } else if (isThere) {
    add(trans.__('Open'), launchIcon, OtherCommandIDs.openDocument, {
      path: place.path.replace(/^\//, '')
    });
  } else if (/^https?:\/\//.test(href)) {
    actions.push({
      label: trans.__('Open in a new tab'),
      Icon: launchIcon,
      run: () => void window.open(href, '_blank', 'noopener,noreferrer')
    });
  }
  add(trans.__('Copy address'), copyIcon, CommandIDs.copyHref, { href });
  return actions;
}
