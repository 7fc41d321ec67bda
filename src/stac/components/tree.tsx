/** A catalog as an ARIA tree: arrows open, close and choose. */
import type { TranslationBundle } from '@jupyterlab/translation';
import {
  caretDownIcon,
  caretRightIcon,
  fileIcon,
  folderIcon
} from '@jupyterlab/ui-components';
import React from 'react';
import { nextIndex } from '../../common/roving';
import { stacIcon } from '../icons';
import type { IBranch, TreeModel } from '../tree';

export function CatalogTree(props: {
  tree: TreeModel;
  trans: TranslationBundle;
}): JSX.Element {
  const { tree, trans } = props;
  const branches = useBranches(tree);
  const list = React.useRef<HTMLUListElement>(null);
  const [active, setActive] = React.useState(tree.root.href);
  const at = Math.max(
    0,
    branches.findIndex(({ href }) => href === active)
  );
  const isMoving = React.useRef(false);

  React.useLayoutEffect(() => {
    if (isMoving.current) {
      isMoving.current = false;
      const node =
        list.current?.querySelectorAll<HTMLElement>('[role="treeitem"]')[at];
      node?.focus({ preventScroll: true });
      // Newer browsers return a promise.
      void node?.scrollIntoView?.({ block: 'nearest' });
    }
  });

  const go = (index: number): void => {
    isMoving.current = true;
    setActive(branches[index].href);
  };

  const onKeyDown = (event: React.KeyboardEvent): void => {
    const branch = branches[at];
    if (!branch || event.ctrlKey || event.metaKey || event.altKey) {
      return;
    }
    const next = nextIndex(event.key, at, branches.length);
    if (next !== null) {
      go(next);
    } else if (event.key === 'ArrowRight') {
      if (branch.canOpen && !branch.isOpen) {
        void tree.open(branch.href);
      } else if (branch.isOpen && branches[at + 1]?.level > branch.level) {
        go(at + 1);
      }
    } else if (event.key === 'ArrowLeft') {
      if (branch.isOpen) {
        tree.close(branch.href);
      } else if (branch.parent !== null) {
        go(branches.findIndex(({ href }) => href === branch.parent));
      }
    } else if (event.key === 'Enter' || event.key === ' ') {
      void tree.select(branch.href);
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <ul
      ref={list}
      className="jp-rsdat-StacTree"
      role="tree"
      aria-label={trans.__('Catalog')}
      onKeyDown={onKeyDown}
    >
      {branches.map((branch, index) => (
        <Branch
          key={`${branch.parent ?? ''} ${branch.href}`}
          branch={branch}
          tree={tree}
          isTabStop={index === at}
          onPress={() => {
            setActive(branch.href);
            void tree.select(branch.href);
          }}
          trans={trans}
        />
      ))}
    </ul>
  );
}

function Branch(props: {
  branch: IBranch;
  tree: TreeModel;
  isTabStop: boolean;
  onPress: () => void;
  trans: TranslationBundle;
}): JSX.Element {
  const { branch, tree, trans } = props;
  const { canOpen, href, isOpen, node, problem } = branch;
  const Caret = isOpen ? caretDownIcon : caretRightIcon;
  const Icon =
    branch.kind === 'item' || branch.kind === 'items'
      ? fileIcon
      : branch.kind === 'collection'
        ? stacIcon
        : folderIcon;
  const problems = node?.problems.length ?? 0;
  return (
    <li
      className={`jp-rsdat-StacTree-branch${
        tree.selected === href ? ' jp-mod-selected' : ''
      }`}
      role="treeitem"
      aria-level={branch.level}
      aria-posinset={branch.place}
      aria-setsize={branch.siblings}
      aria-expanded={canOpen ? isOpen : undefined}
      aria-selected={tree.selected === href}
      aria-busy={branch.isLoading}
      tabIndex={props.isTabStop ? 0 : -1}
      title={problem?.text ?? node?.description ?? branch.title}
      style={{ paddingLeft: 4 + (branch.level - 1) * 14 }}
      onClick={props.onPress}
    >
      <span
        className="jp-rsdat-StacTree-caret"
        aria-hidden="true"
        onClick={event => {
          event.stopPropagation();
          if (isOpen) {
            tree.close(href);
          } else {
            void tree.open(href);
          }
        }}
      >
        {canOpen && <Caret.react tag="span" />}
      </span>
      <Icon.react
        tag="span"
        className="jp-rsdat-StacTree-icon"
        aria-hidden="true"
      />
      <span className="jp-rsdat-StacTree-title">{branch.title}</span>
      {branch.isLoading && (
        <span className="jp-rsdat-Stac-faint">{trans.__('Loading…')}</span>
      )}
      {problem && (
        <span className="jp-rsdat-Stac-wrong">{trans.__('can’t be read')}</span>
      )}
      {problems > 0 && (
        <span
          className="jp-rsdat-Stac-wrong"
          title={node!.problems.map(({ message }) => message).join('\n')}
        >
          {trans._n('%1 problem', '%1 problems', problems)}
        </span>
      )}
    </li>
  );
}

function useBranches(tree: TreeModel): readonly IBranch[] {
  const subscribe = React.useCallback(
    (draw: () => void) => {
      const onSignal = (): void => draw();
      tree.changed.connect(onSignal);
      return () => void tree.changed.disconnect(onSignal);
    },
    [tree]
  );
  return React.useSyncExternalStore(subscribe, () => tree.branches);
}

/** The left part of a catalog's tab: the tree, and what the chosen branch says of itself. */
export function TreePane(props: {
  tree: TreeModel;
  trans: TranslationBundle;
}): JSX.Element {
  const { tree, trans } = props;
  const branches = useBranches(tree);
  const chosen = branches.find(({ href }) => href === tree.selected);
  const node = chosen?.node;
  return (
    <div className="jp-rsdat-StacSide">
      <CatalogTree {...props} />
      {chosen?.problem && (
        <div className="jp-rsdat-Stac-problem" role="alert">
          <p>{chosen.problem.text}</p>
          <button
            type="button"
            className="jp-mod-styled"
            onClick={() => void tree.select(chosen.href)}
          >
            {trans.__('Try again')}
          </button>
        </div>
      )}
      {node && (
        <div className="jp-rsdat-StacSide-about">
          {node.description && <p>{node.description}</p>}
          <dl>
            {facts(node, trans).map(([name, value]) => (
              <React.Fragment key={name}>
                <dt>{name}</dt>
                <dd>{value}</dd>
              </React.Fragment>
            ))}
          </dl>
        </div>
      )}
    </div>
  );
}

/** Where the items will be: why there are none yet. */
export function TreeHint(props: {
  tree: TreeModel;
  trans: TranslationBundle;
}): JSX.Element {
  const { tree, trans } = props;
  const chosen = useBranches(tree).find(({ href }) => href === tree.selected);
  return (
    <>
      {chosen?.isLoading
        ? trans.__('Reading the catalog…')
        : chosen?.problem
          ? trans.__('There is nothing to show: it can’t be read.')
          : chosen?.kind === 'item'
            ? trans.__('This is a single item: see its details.')
            : ''}
    </>
  );
}

function facts(
  node: NonNullable<IBranch['node']>,
  trans: TranslationBundle
): [string, string][] {
  const { interval } = node;
  const day = (iso: string | null): string => iso?.slice(0, 10) ?? '…';
  const all: [string, string | null][] = [
    [
      trans.__('Time'),
      interval ? `${day(interval[0])} – ${day(interval[1])}` : null
    ],
    [trans.__('License'), node.license],
    [trans.__('Providers'), node.providers.join(', ')],
    [trans.__('Keywords'), node.keywords.join(', ')],
    [trans.__('STAC version'), node.stac_version]
  ];
  return all.filter((fact): fact is [string, string] => Boolean(fact[1]));
}
