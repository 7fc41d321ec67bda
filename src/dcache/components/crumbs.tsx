/** The path shown: as steps to click, or as a field to type in. */
import { folderIcon } from '@jupyterlab/ui-components';
import React from 'react';
import { starFilledIcon, starIcon } from '../icons';
import { crumbsOf } from '../paths';
import { PathField } from './pathfield';
import { useBookmarks, useModel, type IPanelContext } from './state';

/** Steps of the path that are shown; those before are behind a "…". */
const MAX_CRUMBS = 3;

export interface ICrumbsProps extends IPanelContext {
  isEditing: boolean;
  setEditing: (isEditing: boolean) => void;
}

export function Crumbs(props: ICrumbsProps): JSX.Element {
  const { isEditing, setEditing, trans } = props;
  return (
    <nav className="jp-rsdat-DCache-crumbs" aria-label={trans.__('Path')}>
      {isEditing ? (
        <PathField {...props} close={() => setEditing(false)} />
      ) : (
        <Steps {...props} />
      )}
    </nav>
  );
}

function Steps(props: ICrumbsProps): JSX.Element {
  const { setEditing, trans } = props;
  const model = useModel(props.model);
  const home = model.endpoints?.find(
    ({ name }) => name === model.endpoint
  )?.home;
  const crumbs = crumbsOf(model.path);
  const shown = crumbs.slice(-MAX_CRUMBS);
  const hidden = crumbs.slice(0, -MAX_CRUMBS);
  return (
    <>
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
      <button
        type="button"
        className="jp-rsdat-DCache-free"
        title={trans.__('Edit the path (Ctrl+L)')}
        aria-label={trans.__('Edit path')}
        aria-keyshortcuts="Control+L"
        disabled={model.endpoint === null}
        onClick={() => setEditing(true)}
      />
      <Star {...props} />
    </>
  );
}

function Star(props: IPanelContext): JSX.Element {
  const { bookmarks, trans } = props;
  const model = useModel(props.model);
  useBookmarks(bookmarks);
  const here = { endpoint: model.endpoint ?? '', path: model.path };
  const isMarked = bookmarks.has(here);
  const icon = isMarked ? starFilledIcon : starIcon;
  return (
    <button
      type="button"
      className="jp-rsdat-DCache-star"
      title={
        isMarked
          ? trans.__('Remove the bookmark')
          : trans.__('Bookmark this folder')
      }
      aria-label={trans.__('Bookmark this folder')}
      aria-pressed={isMarked}
      disabled={model.endpoint === null}
      onClick={() => bookmarks.toggle(here)}
    >
      <icon.react tag="span" stylesheet="breadCrumb" />
    </button>
  );
}
