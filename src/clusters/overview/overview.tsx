/** How busy one cluster is, on its card: CPU, memory and Dask tasks as lines, the computation as a bar. */
import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';
import type { IPulseNow } from '../../common/types';
import { formatBytes, formatClock } from '../../common/units';
import { Detail } from './detail';
import type { Measure } from './history';
import { useInView } from './inview';
import type { ICardPulse, OverviewModel } from './model';
import { LongOrShort, Progress } from './progress';
import { Sparkline, type ISparklineProps } from './sparkline';
import {
  allTaskWords,
  cpuWords,
  memoryWords,
  shortWords,
  taskCounts
} from './words';

const CPU: readonly Measure[] = ['cpu'];
const MEMORY: readonly Measure[] = ['memory'];
const TASKS: readonly Measure[] = ['processing', 'toCome', 'erred'];
/** Resting the mouse on the lines for so long shows the numbers; leaving them for so long hides them. */
const HOVER_MS = 300;

export interface IOverviewProps {
  /** Id of the cluster. */
  cluster: string;
  /** Its name. */
  name: string;
  /** Workers that are connected, as its card says. */
  workers: number;
  /** Whether Tab stops at the lines. */
  isTabStop: boolean;
  overview: OverviewModel;
  trans: TranslationBundle;
}

export function Overview(props: IOverviewProps): JSX.Element | null {
  const { overview } = props;
  const looks = useOverview(overview, () => overview.looks);
  const node = React.useRef<HTMLDivElement>(null);
  return looks === 'off' ? null : (
    <div ref={node} className="jp-rsdat-Overview">
      <Seen {...props} node={node} />
    </div>
  );
}

/** Follows the model while it can be seen; what is out of sight costs nothing. */
function Seen(
  props: IOverviewProps & { node: React.RefObject<HTMLDivElement> }
): JSX.Element | null {
  const { cluster, name, overview, trans, workers } = props;
  const isInView = useInView(props.node);
  const known = React.useRef(workers);
  React.useEffect(() => {
    if (known.current !== workers) {
      known.current = workers;
      // Not "no workers" beside the count of those that have just come.
      overview.hasten();
    }
  }, [overview, workers]);
  React.useEffect(() => {
    if (isInView) {
      const watch = overview.watch();
      return () => watch.dispose();
    }
    return undefined;
  }, [overview, isInView]);
  const shown = React.useRef<ICardPulse | null>(null);
  const pulse = useOverview(overview, () => {
    if (isInView || shown.current === null) {
      shown.current = overview.pulse(cluster);
    }
    return shown.current;
  });
  const isOpen = useOverview(overview, () => overview.isOpen(cluster));
  if (!pulse?.now) {
    return null;
  }
  const { now, seen } = pulse;
  const isSilent = pulse.state !== 'live';
  return (
    <div className={isSilent ? 'jp-mod-silent' : undefined}>
      <details
        open={isOpen}
        onToggle={event => overview.setOpen(cluster, event.currentTarget.open)}
      >
        <summary>
          {isOpen
            ? trans.__('Activity')
            : trans.__('Activity: %1', shortWords(now, trans))}
        </summary>
        {isOpen && (
          <Lines
            name={name}
            pulse={pulse}
            now={now}
            isTabStop={props.isTabStop}
            trans={trans}
          />
        )}
      </details>
      {isSilent ? (
        <p className="jp-rsdat-Card-waiting">
          {trans.__(
            'No answer of the scheduler since %1.',
            seen ? formatClock(seen.toISOString()) : ''
          )}
        </p>
      ) : (
        <Progress name={name} now={now} trans={trans} />
      )}
    </div>
  );
}

function Lines(props: {
  name: string;
  pulse: ICardPulse;
  now: IPulseNow;
  isTabStop: boolean;
  trans: TranslationBundle;
}): JSX.Element {
  const { name, now, pulse, trans } = props;
  const [anchor, setAnchor] = React.useState<HTMLElement | null>(null);
  const timer = React.useRef<number>();
  const later = (next: HTMLElement | null): void => {
    window.clearTimeout(timer.current);
    timer.current = window.setTimeout(() => setAnchor(next), HOVER_MS);
  };
  const atOnce = (next: HTMLElement | null): void => {
    window.clearTimeout(timer.current);
    setAnchor(next);
  };
  React.useEffect(() => () => window.clearTimeout(timer.current), []);
  const id = React.useId();
  const cpu = cpuWords(now, trans);
  const memory = memoryWords(now, trans);
  const { tasks } = now;
  const rows: IRow[] = [
    {
      title: trans.__('CPU'),
      said: cpu,
      long: cpu,
      short: now.cpu === null ? '–' : trans.__('%1 %', Math.round(now.cpu)),
      measures: CPU,
      top: 100
    },
    {
      title: trans.__('Memory'),
      said: memory,
      long: memory,
      short: now.workers === 0 ? '–' : formatBytes(now.memory),
      measures: MEMORY,
      top: 100
    },
    {
      title: trans.__('Dask tasks'),
      said: allTaskWords(tasks, trans),
      ...taskCounts(tasks, trans),
      measures: TASKS,
      top: null
    }
  ];
  return (
    <div
      className="jp-rsdat-Overview-lines"
      role="group"
      aria-label={trans.__('Activity of %1', name)}
      aria-describedby={anchor ? id : undefined}
      tabIndex={props.isTabStop ? 0 : -1}
      onMouseEnter={event => later(event.currentTarget)}
      onMouseLeave={() => later(null)}
      onFocus={event => atOnce(event.currentTarget)}
      onBlur={() => atOnce(null)}
      onKeyDown={event => {
        if (event.key === 'Escape' && anchor) {
          event.stopPropagation();
          atOnce(null);
        }
      }}
    >
      {rows.map(({ title, said, long, short, measures, top }) => (
        <React.Fragment key={title}>
          <span aria-hidden="true">{title}</span>
          <Sparkline
            label={trans.__('%1: %2', title, said)}
            samples={pulse.samples}
            now_s={pulse.told_s}
            measures={measures}
            top={top}
          />
          <span aria-hidden="true" className="jp-rsdat-Overview-value">
            <LongOrShort long={long} short={short} />
          </span>
        </React.Fragment>
      ))}
      {anchor && (
        <Detail
          id={id}
          anchor={anchor}
          now={now}
          samples={pulse.samples}
          trans={trans}
          onEnter={() => atOnce(anchor)}
          onLeave={() => later(null)}
        />
      )}
    </div>
  );
}

interface IRow extends Pick<ISparklineProps, 'measures' | 'top'> {
  title: string;
  /** To a screen reader. */
  said: string;
  /** To be seen, where there is room; else `short`. */
  long: string;
  short: string;
}

/** A value of the model, drawn anew when it is another one. */
function useOverview<T>(overview: OverviewModel, read: () => T): T {
  const subscribe = React.useCallback(
    (onChange: () => void) => {
      overview.changed.connect(onChange);
      return () => {
        overview.changed.disconnect(onChange);
      };
    },
    [overview]
  );
  return React.useSyncExternalStore(subscribe, read);
}
