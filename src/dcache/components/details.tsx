/** The pane below the list: all that dCache knows of the selected entry. */
import { Clipboard } from '@jupyterlab/apputils';
import { copyIcon } from '@jupyterlab/ui-components';
import React from 'react';
import type { IDetails } from '../../common/types';
import { formatBytes } from '../../common/units';
import { describeKind, describeLocality, formatTime } from '../format';
import { describeMode } from '../mode';
import { summaryOf } from '../selection';
import { Labels, Xattrs } from './attributes';
import { PanePicture } from './picture';
import { Quota } from './quota';
import { useDetails, useModel, type IPanelContext } from './state';

/** CSS pixels by which a key changes the height. */
const STEP = 24;

export function DetailsPane(props: IPanelContext): JSX.Element {
  const { trans } = props;
  const details = useDetails(props.details);
  return (
    <section
      className="jp-rsdat-DCache-details"
      aria-label={trans.__('Details')}
      style={{ height: details.height }}
    >
      <Splitter {...props} />
      <div className="jp-rsdat-DCache-detailsBody">
        <Body {...props} />
        <Quota {...props} />
      </div>
    </section>
  );
}

/** The pane's upper edge, by mouse or by the arrow keys. */
function Splitter(props: IPanelContext): JSX.Element {
  const { trans } = props;
  const details = useDetails(props.details);
  const pressed = React.useRef<{ y: number; height: number } | null>(null);
  const end = (): void => {
    pressed.current = null;
  };
  return (
    <div
      className="jp-rsdat-DCache-splitter"
      role="separator"
      aria-orientation="horizontal"
      aria-label={trans.__('Height of the details')}
      aria-valuenow={details.height}
      tabIndex={0}
      onKeyDown={event => {
        const steps = { ArrowUp: 1, ArrowDown: -1 }[event.key];
        if (steps !== undefined) {
          details.height += steps * STEP;
          event.preventDefault();
        }
      }}
      onPointerDown={event => {
        event.currentTarget.setPointerCapture(event.pointerId);
        pressed.current = { y: event.clientY, height: details.height };
      }}
      onPointerMove={event => {
        const start = pressed.current;
        if (start) {
          details.height = start.height + start.y - event.clientY;
        }
      }}
      onPointerUp={end}
      onPointerCancel={end}
    />
  );
}

function Body(props: IPanelContext): JSX.Element {
  const { trans } = props;
  const model = useModel(props.model);
  const pane = useDetails(props.details);
  const { details, entry, problem } = pane;
  if (entry === null) {
    const { bytes, hasFolder, list } = summaryOf(model.selection);
    return (
      <p className="jp-rsdat-DCache-hint">
        {model.selection.pending
          ? trans.__('Loading…')
          : list.length < 2
            ? trans.__(
                'Select a file or folder to see what dCache knows of it.'
              )
            : hasFolder
              ? trans.__('%1 entries selected', list.length.toLocaleString())
              : trans.__(
                  '%1 files selected, %2',
                  list.length.toLocaleString(),
                  formatBytes(bytes)
                )}
      </p>
    );
  }
  return (
    <>
      <h3 className="jp-rsdat-DCache-detailsName">{entry.name}</h3>
      <PanePicture {...props} />
      {problem && (
        <div className="jp-rsdat-DCache-problem" role="alert">
          <p>{problem.message}</p>
          {problem.hint && <p>{problem.hint}</p>}
          <button
            type="button"
            className="jp-mod-styled jp-mod-reject"
            onClick={() => pane.retry()}
          >
            {details ? trans.__('Read again') : trans.__('Retry')}
          </button>
        </div>
      )}
      {details ? (
        <>
          <Facts {...props} known={details} />
          <Labels {...props} key={`labels-${entry.path}`} known={details} />
          <Xattrs {...props} key={`xattrs-${entry.path}`} known={details} />
        </>
      ) : (
        !problem && (
          <p className="jp-rsdat-DCache-hint">{trans.__('Loading…')}</p>
        )
      )}
    </>
  );
}

function Facts(props: IPanelContext & { known: IDetails }): JSX.Element {
  const { known: details, trans } = props;
  // What was just asked for is younger than the row.
  const { entry } = details;
  const owner =
    details.owner === null
      ? null
      : details.owner_name
        ? trans.__('%1 (%2)', details.owner_name, details.owner)
        : String(details.owner);
  const facts: [string, React.ReactNode][] = [
    [trans.__('Path'), <Copied {...props} key="path" text={entry.path} />],
    [trans.__('Kind'), describeKind(entry, trans)],
    [
      trans.__('Size'),
      entry.type === 'directory' || entry.size === null
        ? null
        : entry.size < 1024
          ? formatBytes(entry.size)
          : trans.__(
              '%1 (%2 bytes)',
              formatBytes(entry.size),
              entry.size.toLocaleString()
            )
    ],
    [trans.__('Locality'), describeLocality(entry, trans)?.text],
    [trans.__('On disk until'), formatTime(details.pinned)],
    [
      trans.__('QoS'),
      details.target_qos
        ? trans.__(
            '%1, on its way to %2',
            details.qos ?? '?',
            details.target_qos
          )
        : details.qos
    ],
    [trans.__('Modified'), formatTime(entry.modified)],
    [trans.__('Created'), formatTime(entry.created)],
    [trans.__('Changed'), formatTime(details.changed)],
    [trans.__('Last read'), formatTime(details.accessed)],
    [
      trans.__('Mode'),
      details.mode === null ? null : describeMode(details.mode, entry.type)
    ],
    [trans.__('Owner'), owner],
    [trans.__('Group'), details.group === null ? null : String(details.group)],
    [trans.__('Access latency'), details.access_latency],
    [trans.__('Retention policy'), details.retention_policy],
    [trans.__('Links'), details.links === null ? null : String(details.links)],
    [
      trans.__('PNFS ID'),
      details.pnfs_id && <Copied {...props} key="pnfs" text={details.pnfs_id} />
    ],
    ...details.checksums.map(({ type, value }): [string, React.ReactNode] => [
      type,
      <Copied {...props} key={type} text={value} />
    ])
  ];
  return (
    <dl className="jp-rsdat-DCache-facts">
      {facts
        .filter(([, value]) => value)
        .map(([label, value]) => (
          <React.Fragment key={label}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </React.Fragment>
        ))}
    </dl>
  );
}

/** A text that is wanted elsewhere, with a button that copies it. */
function Copied(props: IPanelContext & { text: string }): JSX.Element {
  const { text, trans } = props;
  return (
    <span className="jp-rsdat-DCache-copied">
      <code>{text}</code>
      <button
        type="button"
        className="jp-rsdat-DCache-small"
        title={trans.__('Copy')}
        aria-label={trans.__('Copy %1', text)}
        onClick={() => Clipboard.copyToSystem(text)}
      >
        <copyIcon.react tag="span" stylesheet="breadCrumb" />
      </button>
    </span>
  );
}
