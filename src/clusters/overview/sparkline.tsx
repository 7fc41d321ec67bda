/** The last minutes of one measure as a small line. Says its present value to who does not see it. */
import React from 'react';
import { areaPath, linePath, type ISample, type Measure } from './history';

const HEIGHT = 20;

export interface ISparklineProps {
  /** What it is and how much now, in words. */
  label: string;
  samples: readonly ISample[];
  /** The right edge, by the clock of the samples. */
  now_s: number;
  /** Drawn over each other: the first as a line over its area, the others as lines. */
  measures: readonly Measure[];
  /** The value at the upper edge; null for the largest that is shown. */
  top: number | null;
}

function DrawnSparkline(props: ISparklineProps): JSX.Element {
  const { label, measures, now_s, samples } = props;
  const largest = (): number =>
    Math.max(
      1,
      ...samples.flatMap(sample =>
        measures.map(measure => sample[measure] ?? 0)
      )
    );
  const frame = { now_s, height: HEIGHT, top: props.top ?? largest() };
  return (
    <svg
      className="jp-rsdat-Sparkline"
      role="img"
      aria-label={label}
      viewBox={`0 -1 100 ${HEIGHT + 2}`}
      preserveAspectRatio="none"
    >
      <path
        className="jp-rsdat-Sparkline-area"
        d={areaPath(samples, sample => sample[measures[0]], frame)}
      />
      {measures.map(measure => (
        <path
          key={measure}
          className={`jp-rsdat-Sparkline-line jp-mod-${measure}`}
          d={linePath(samples, sample => sample[measure], frame)}
        />
      ))}
    </svg>
  );
}

export const Sparkline = React.memo(DrawnSparkline);
