/** The dCache panel: where one is, the list, and what is said instead of one. */
import {
  HTMLSelect,
  fileUploadIcon,
  folderIcon,
  newFolderIcon,
  refreshIcon,
  type LabIcon
} from '@jupyterlab/ui-components';
import React from 'react';
import { CommandIDs } from '../ids';
import { crumbsOf, folderOf } from '../paths';
import { FileGrid } from './grid';
import { useModel, type IPanelContext } from './state';

/** Steps of the path that are shown; those before are behind a "…". */
const MAX_CRUMBS = 3;

/** What makes the credentials readable by their owner alone. */
const PROTECT = 'chmod 600 ~/.rsdat/endpoints.json \\\n  ~/.rsdat/spider.token';

/** How long to wait for the end of typing before the companion is asked to filter. */
const FILTER_MS = 250;

export function DCachePanel(props: IPanelContext): JSX.Element {
  const { trans } = props;
  const model = useModel(props.model);
  if (model.endpoints?.length === 0) {
    return <NotConfigured {...props} />;
  }
  const isEmpty = model.listing?.isLoaded && model.listing.total === 0;
  return (
    <DropZone {...props}>
      <Tools {...props} />
      <Crumbs {...props} />
      <Filter {...props} key={`${model.endpoint}:${model.path}`} />
      <Problem {...props} />
      <FileGrid {...props} />
      {isEmpty && (
        <p className="jp-rsdat-DCache-empty">
          {model.filter
            ? trans.__('No name in this folder contains “%1”.', model.filter)
            : trans.__('This folder is empty. Drop files here to upload them.')}
        </p>
      )}
      <Status {...props} />
    </DropZone>
  );
}

function Tools(props: IPanelContext): JSX.Element {
  const { commands, trans } = props;
  const model = useModel(props.model);
  const endpoints = model.endpoints ?? [];
  const canWrite = model.listing?.isLoaded ?? false;
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
          icon={fileUploadIcon}
          label={trans.__('Upload')}
          isEnabled={canWrite}
          onClick={() => void commands.execute(CommandIDs.upload)}
        />
        <ToolButton
          icon={newFolderIcon}
          label={trans.__('New folder')}
          isEnabled={canWrite}
          onClick={() => void commands.execute(CommandIDs.newFolder)}
        />
        <ToolButton
          icon={refreshIcon}
          label={trans.__('Refresh')}
          isEnabled={true}
          onClick={() => void model.refresh()}
        />
      </span>
    </div>
  );
}

function ToolButton(props: {
  icon: LabIcon;
  label: string;
  isEnabled: boolean;
  onClick: () => void;
}): JSX.Element {
  return (
    <button
      type="button"
      className="jp-rsdat-DCache-button"
      title={props.label}
      aria-label={props.label}
      disabled={!props.isEnabled}
      onClick={props.onClick}
    >
      <props.icon.react tag="span" stylesheet="toolbarButton" />
    </button>
  );
}

function Crumbs(props: IPanelContext): JSX.Element {
  const { trans } = props;
  const model = useModel(props.model);
  const home = model.endpoints?.find(
    ({ name }) => name === model.endpoint
  )?.home;
  const crumbs = crumbsOf(model.path);
  const shown = crumbs.slice(-MAX_CRUMBS);
  const hidden = crumbs.slice(0, -MAX_CRUMBS);
  return (
    <nav className="jp-rsdat-DCache-crumbs" aria-label={trans.__('Path')}>
      <button
        type="button"
        title={home ? trans.__('Home: %1', home) : trans.__('Home')}
        aria-label={trans.__('Home')}
        onClick={() => void model.openPath(home || '/')}
      >
        <folderIcon.react tag="span" stylesheet="breadCrumb" />
      </button>
      <button
        type="button"
        title="/"
        aria-label={trans.__('Root')}
        onClick={() => void model.openPath('/')}
      >
        /
      </button>
      {hidden.length > 0 && (
        <button
          type="button"
          title={hidden[hidden.length - 1].path}
          aria-label={hidden[hidden.length - 1].path}
          onClick={() => void model.openPath(hidden[hidden.length - 1].path)}
        >
          …
        </button>
      )}
      {shown.map(({ name, path }, index) => (
        <React.Fragment key={path}>
          {(index > 0 || hidden.length > 0) && (
            <span className="jp-rsdat-DCache-slash" aria-hidden="true">
              /
            </span>
          )}
          <button
            type="button"
            className="jp-rsdat-DCache-crumb"
            title={path}
            aria-current={index === shown.length - 1 ? 'location' : undefined}
            onClick={() => void model.openPath(path)}
          >
            {name}
          </button>
        </React.Fragment>
      ))}
    </nav>
  );
}

function Filter(props: IPanelContext): JSX.Element {
  const { model, trans } = props;
  const [text, setText] = React.useState(model.filter);
  React.useEffect(() => {
    const timer = setTimeout(() => model.setFilter(text), FILTER_MS);
    return () => clearTimeout(timer);
  }, [model, text]);
  return (
    <input
      type="search"
      className="jp-rsdat-DCache-filter"
      aria-label={trans.__('Filter files')}
      placeholder={trans.__('Filter files')}
      spellCheck={false}
      value={text}
      onChange={event => setText(event.target.value)}
      onKeyDown={event => {
        if (event.key === 'Escape') {
          setText('');
        }
      }}
    />
  );
}

function Problem(props: IPanelContext): JSX.Element | null {
  const { trans } = props;
  const model = useModel(props.model);
  const { listing, problem } = model;
  if (problem === null) {
    return null;
  }
  return (
    <div className="jp-rsdat-DCache-problem" role="alert">
      <p>{problem.message}</p>
      {problem.hint && <p>{problem.hint}</p>}
      {listing?.isLoaded && <p>{trans.__('The list is as it was before.')}</p>}
      <button
        type="button"
        className="jp-mod-styled jp-mod-accept"
        onClick={() => void model.refresh()}
      >
        {trans.__('Retry')}
      </button>
      {problem.code === 'not_found' && model.path !== '/' && (
        <button
          type="button"
          className="jp-mod-styled jp-mod-reject"
          onClick={() => void model.openPath(folderOf(model.path))}
        >
          {trans.__('Go up')}
        </button>
      )}
    </div>
  );
}

function Status(props: IPanelContext): JSX.Element {
  const { trans } = props;
  const model = useModel(props.model);
  const { listing } = model;
  const selected = model.selection.entries.size;
  let text = '';
  if (listing?.isLoaded) {
    const total = listing.total.toLocaleString();
    text =
      selected > 1
        ? trans._n(
            '%2 of %1 entry selected',
            '%2 of %1 entries selected',
            listing.total,
            selected
          )
        : trans._n('%2 entry', '%2 entries', listing.total, total);
  } else if (listing?.isRefreshing || model.endpoints === null) {
    text = model.problem ? '' : trans.__('Loading…');
  }
  return (
    <div className="jp-rsdat-DCache-status" role="status">
      {text}
    </div>
  );
}

function NotConfigured(props: IPanelContext): JSX.Element {
  const { model, trans } = props;
  const example = JSON.stringify(
    {
      format: 1,
      endpoints: [
        {
          name: 'spider',
          api_url: 'https://dcacheview.example.org:22880/api/v1/',
          webdav_url: 'https://webdav.example.org:2880/',
          token_file: '~/.rsdat/spider.token',
          home: '/pnfs/example.org/data/project'
        }
      ]
    },
    null,
    2
  );
  return (
    <div className="jp-rsdat-DCache-unconfigured">
      <h3>{trans.__('No dCache endpoint is configured')}</h3>
      <p>
        {trans.__(
          'Write the file ~/.rsdat/endpoints.json on the computer where Jupyter runs, readable by you alone:'
        )}
      </p>
      <pre tabIndex={0}>{example}</pre>
      <p>
        {trans.__(
          'and put your token or macaroon into the file named there, on one line:'
        )}
      </p>
      <pre tabIndex={0}>{PROTECT}</pre>
      <p>
        {trans.__(
          'If you use fsspec’s own configuration for dCache (FSSPEC_DCACHE_API_URL, FSSPEC_DCACHE_WEBDAV_URL and FSSPEC_DCACHE_TOKEN, or a file in ~/.config/fsspec), it works here too, after a restart of Jupyter.'
        )}
      </p>
      <button
        type="button"
        className="jp-mod-styled jp-mod-accept"
        onClick={() => void model.refresh()}
      >
        {trans.__('Refresh')}
      </button>
    </div>
  );
}

/** Takes files dropped from the computer's desktop. */
function DropZone(
  props: IPanelContext & { children: React.ReactNode }
): JSX.Element {
  const [isOver, setIsOver] = React.useState(false);
  const hasFiles = (event: React.DragEvent): boolean =>
    event.dataTransfer.types.includes('Files');
  return (
    <div
      className={`jp-rsdat-DCache-content${isOver ? ' jp-mod-drop' : ''}`}
      onDragOver={event => {
        if (hasFiles(event)) {
          event.preventDefault();
          event.dataTransfer.dropEffect = 'copy';
          setIsOver(true);
        }
      }}
      onDragLeave={() => setIsOver(false)}
      onDrop={event => {
        setIsOver(false);
        if (hasFiles(event)) {
          event.preventDefault();
          event.stopPropagation();
          const { files, folders } = dropped(event.dataTransfer);
          props.upload(files, folders);
        }
      }}
    >
      {props.children}
    </div>
  );
}

/** What was dropped: files, and names of folders, whose reading as a file would fail. */
function dropped(data: DataTransfer): { files: File[]; folders: string[] } {
  const files: File[] = [];
  const folders: string[] = [];
  for (const item of Array.from(data.items)) {
    const entry = item.kind === 'file' ? item.webkitGetAsEntry() : null;
    if (entry?.isDirectory) {
      folders.push(entry.name);
      continue;
    }
    const file = item.kind === 'file' ? item.getAsFile() : null;
    if (file) {
      files.push(file);
    }
  }
  return { files, folders };
}
