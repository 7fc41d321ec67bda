/** The slider of times: two handles over a picture of how many items there are when. */
import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';
import { parseInterval } from '../filter';
import type { ItemsModel } from '../model';
import {
  datetimeOf,
  momentText,
  moved,
  spanOf,
  stepOf,
  type ISpan
} from '../timeline';
import { useVersion } from './context';

type Handle = 'start' | 'end';

export function TimeSlider(props: {
  items: ItemsModel;
  trans: TranslationBundle;
}): JSX.Element | null {
  const { trans } = props;
  const items = useVersion(props.items);
  const track = React.useRef<HTMLDivElement>(null);
  /** While a handle is dragged: the filter waits for its end. */
  const [dragged, setDragged] = React.useState<ISpan | null>(null);
  const { summary } = items;
  const whole = spanOf(summary);
  if (summary === null || whole === null) {
    return null;
  }
  const bins = summary.histogram;
  const most = Math.max(1, ...bins.map(({ count }) => count));
  const [start, end] = parseInterval(items.filter.datetime);
  const clamp = (time: number): number =>
    Math.max(whole.start, Math.min(whole.end, time));
  const chosen = dragged ?? {
    start: clamp(start?.getTime() ?? whole.start),
    end: clamp(end?.getTime() ?? whole.end)
  };
  const percent = (time: number): number =>
    (100 * (time - whole.start)) / (whole.end - whole.start);

  const put = (span: ISpan): void =>
    items.setFilter({ datetime: datetimeOf(whole, span) });

  const withHandle = (handle: Handle, time: number): ISpan =>
    handle === 'start'
      ? { ...chosen, start: Math.min(time, chosen.end) }
      : { ...chosen, end: Math.max(time, chosen.start) };

  const onKeyDown = (event: React.KeyboardEvent, handle: Handle): void => {
    const time = moved(
      event.key,
      chosen[handle],
      stepOf(whole, bins.length),
      handle === 'start' ? whole.start : chosen.start,
      handle === 'start' ? chosen.end : whole.end
    );
    if (time !== null) {
      put(withHandle(handle, time));
      event.preventDefault();
      event.stopPropagation();
    }
  };

  const timeAt = (event: React.PointerEvent): number => {
    const { left, width } = track.current!.getBoundingClientRect();
    const part = width > 0 ? (event.clientX - left) / width : 0;
    return clamp(whole.start + part * (whole.end - whole.start));
  };

  const onPointerDown = (event: React.PointerEvent): void => {
    if (event.button === 0) {
      (event.target as Element).setPointerCapture?.(event.pointerId);
      setDragged(chosen);
    }
  };

  const handleOf = (handle: Handle): JSX.Element => {
    const label =
      handle === 'start' ? trans.__('Earliest time') : trans.__('Latest time');
    return (
      <div
        key={handle}
        className={`jp-rsdat-StacTime-handle jp-mod-${handle}`}
        role="slider"
        tabIndex={0}
        aria-label={label}
        aria-valuemin={handle === 'start' ? whole.start : chosen.start}
        aria-valuemax={handle === 'start' ? chosen.end : whole.end}
        aria-valuenow={Math.round(chosen[handle])}
        aria-valuetext={momentText(chosen[handle], whole)}
        title={`${label}: ${momentText(chosen[handle], whole)}`}
        style={{ left: `${percent(chosen[handle])}%` }}
        onKeyDown={event => onKeyDown(event, handle)}
        onPointerDown={onPointerDown}
        onPointerMove={event => {
          if (dragged) {
            setDragged(withHandle(handle, timeAt(event)));
          }
        }}
        onPointerUp={() => {
          if (dragged) {
            put(dragged);
            setDragged(null);
          }
        }}
        onPointerCancel={() => setDragged(null)}
      />
    );
  };

  return (
    <div
      className="jp-rsdat-StacTime"
      role="group"
      aria-label={trans.__('Time')}
    >
      <div ref={track} className="jp-rsdat-StacTime-track">
        <svg
          className="jp-rsdat-StacTime-bars"
          viewBox={`0 0 ${bins.length} 1`}
          preserveAspectRatio="none"
          aria-hidden="true"
        >
          {bins.map(({ count, start: begins, end: ends }, index) => {
            const isIn =
              Date.parse(ends) > chosen.start &&
              Date.parse(begins) <= chosen.end;
            // The least bar is seen, too.
            const height = count === 0 ? 0 : Math.max(0.06, count / most);
            return (
              <rect
                key={begins}
                className={isIn ? 'jp-mod-in' : undefined}
                x={index + 0.08}
                width={0.84}
                y={1 - height}
                height={height}
              />
            );
          })}
        </svg>
        {handleOf('start')}
        {handleOf('end')}
      </div>
      <div className="jp-rsdat-StacTime-ends" aria-hidden="true">
        <span>{momentText(chosen.start, whole)}</span>
        <span>{momentText(chosen.end, whole)}</span>
      </div>
    </div>
  );
}
