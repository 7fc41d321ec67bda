/** The dCache panel: where one is, the list, and what is said instead of one. */
import React from 'react';
import { AccessCommandIDs } from '../endpoints/ids';
import { CompanionNotice } from '../../common/companionnotice';
import type { ApiError } from '../../common/request';
import { formatBytes } from '../../common/units';
import type { DCacheModel } from '../model';
import { folderOf } from '../paths';
import { summaryOf } from '../selection';
import { Crumbs } from './crumbs';
import { DetailsPane } from './details';
import { DropZone } from './dropzone';
import { FileGrid } from './grid';
import { useDetails, useModel, type IPanelContext } from './state';
import { Tools } from './toolbar';
import { NotConfigured } from './unconfigured';

/** How long to wait for the end of typing before the companion is asked to filter. */
const FILTER_MS = 250;

export function DCachePanel(props: IPanelContext): JSX.Element {
  const { trans } = props;
  const model = useModel(props.model);
  const details = useDetails(props.details);
  const [isEditing, setEditing] = React.useState(false);
  const panel = React.useRef<HTMLDivElement>(null);
  if (model.endpoints?.length === 0) {
    return <NotConfigured {...props} />;
  }
  const goToList = (): void =>
    panel.current?.querySelector<HTMLElement>('[role="grid"]')?.focus();
  const leave = (isEditing: boolean): void => {
    setEditing(isEditing);
    if (!isEditing) {
      // The field is gone with its focus: the keyboard goes on in the list.
      goToList();
    }
  };
  const onKeyDown = (event: React.KeyboardEvent): void => {
    const { altKey, ctrlKey, key, metaKey } = event;
    const { endpoint, path } = model;
    const isTyping = event.target instanceof HTMLInputElement;
    if (isTyping && altKey && navigator.platform.startsWith('Mac')) {
      // There these keys go from word to word in every field.
      return;
    }
    if ((ctrlKey || metaKey) && !altKey && key.toLowerCase() === 'l') {
      setEditing(true);
    } else if (altKey && !ctrlKey && key === 'ArrowLeft') {
      void model.goBy(-1);
    } else if (altKey && !ctrlKey && key === 'ArrowRight') {
      void model.goBy(1);
    } else if (altKey && !ctrlKey && key === 'ArrowUp') {
      void model.openParent();
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    if (isTyping && (model.endpoint !== endpoint || model.path !== path)) {
      // As in a file manager: a filter is of one folder, and is left with it.
      goToList();
    }
  };
  const isEmpty = model.listing?.isLoaded && model.listing.total === 0;
  return (
    <DropZone {...props}>
      <div
        ref={panel}
        className="jp-rsdat-DCache-body"
        role="presentation"
        onKeyDown={onKeyDown}
      >
        <CompanionNotice companion={props.companion ?? null} trans={trans} />
        <Tools {...props} />
        <Crumbs {...props} isEditing={isEditing} setEditing={leave} />
        <Filter {...props} key={`${model.endpoint}:${model.path}`} />
        <Problem {...props} />
        <div className="jp-rsdat-DCache-list">
          <FileGrid {...props} />
          {isEmpty && (
            <p className="jp-rsdat-DCache-empty">{emptyWords(model, props)}</p>
          )}
        </div>
        <Status {...props} />
        {details.isOpen && <DetailsPane {...props} />}
      </div>
    </DropZone>
  );
}

/** Said where there is no row. */
function emptyWords(model: DCacheModel, { trans }: IPanelContext): string {
  const hidden = model.listing?.hidden ?? 0;
  if (model.filter) {
    const words = trans.__(
      'No name in this folder contains “%1”.',
      model.filter
    );
    return hidden > 0
      ? trans._n(
          '%2 %1 hidden one does.',
          '%2 %1 hidden ones do.',
          hidden,
          words
        )
      : words;
  }
  return hidden > 0
    ? trans.__('All files in this folder are hidden. The menu shows them.')
    : trans.__('This folder is empty. Drop files here to upload them.');
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
  const { commands, trans } = props;
  const model = useModel(props.model);
  const { endpoint, listing, problem } = model;
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
        onClick={() => {
          void model.refresh();
          props.details.renew();
        }}
      >
        {trans.__('Retry')}
      </button>
      {endpoint !== null && isOfToken(problem) && (
        <button
          type="button"
          className="jp-mod-styled jp-mod-reject"
          onClick={() =>
            void commands.execute(AccessCommandIDs.token, { endpoint })
          }
        >
          {trans.__('Token…')}
        </button>
      )}
      {isOfDoor(problem) && (
        <button
          type="button"
          className="jp-mod-styled jp-mod-reject"
          onClick={() => void commands.execute(AccessCommandIDs.endpoints)}
        >
          {trans.__('Test the endpoint…')}
        </button>
      )}
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

/** Whether another token may mend it. */
function isOfToken({ code, status }: ApiError): boolean {
  return status === 401 && code !== 'jupyter';
}

/** Whether what is configured of the endpoint may be wrong; there it can be tried out. */
function isOfDoor({ code }: ApiError): boolean {
  return ['door_broken', 'doors_unknown', 'not_dcache', 'timeout'].includes(
    code
  );
}

function Status(props: IPanelContext): JSX.Element {
  const model = useModel(props.model);
  return (
    <div
      className="jp-rsdat-DCache-status"
      role="status"
      // Not each count of a list that still grows.
      aria-live={
        model.listing?.isLoaded && !model.listing.isComplete ? 'off' : 'polite'
      }
    >
      {statusOf(model, props)}
    </div>
  );
}

/** How many entries there are, what of them is selected, and whether more will come. */
function statusOf(model: DCacheModel, { trans }: IPanelContext): string {
  const { listing, selection } = model;
  if (!listing?.isLoaded) {
    const isLoading = listing?.isRefreshing || model.endpoints === null;
    return isLoading && !model.problem ? trans.__('Loading…') : '';
  }
  const total = listing.total.toLocaleString();
  if (selection.pending) {
    const { end, first } = selection.pending;
    return listing.isBeginning
      ? trans._n(
          'Selecting all entries… %2 entry so far',
          'Selecting all entries… %2 entries so far',
          listing.total,
          total
        )
      : trans.__(
          'Selecting %1 entries…',
          (Math.min(end, listing.total) - first).toLocaleString()
        );
  }
  const { bytes, hasFolder, list } = summaryOf(selection);
  if (!listing.isComplete) {
    const loading = trans._n(
      'Loading the rest… %2 entry so far',
      'Loading the rest… %2 entries so far',
      listing.total,
      total
    );
    return list.length > 1
      ? trans.__('%1, %2 selected', loading, list.length.toLocaleString())
      : loading;
  }
  if (list.length > 1) {
    const text = trans._n(
      '%2 of %1 entry selected',
      '%2 of %1 entries selected',
      listing.total,
      list.length.toLocaleString()
    );
    // What folders hold nobody has counted.
    return hasFolder ? text : trans.__('%1 (%2)', text, formatBytes(bytes));
  }
  const text = trans._n('%2 entry', '%2 entries', listing.total, total);
  return listing.hidden > 0
    ? trans.__('%1, %2 hidden', text, listing.hidden.toLocaleString())
    : text;
}
