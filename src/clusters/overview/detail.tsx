/** What hovering the lines of a card shows: the last minutes in numbers, and what is computed. */
import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';
import { createPortal } from 'react-dom';
import type { IPulseNow } from '../../common/types';
import { formatSpan } from '../../common/units';
import { SPAN_S, extent, type ISample } from './history';
import { place } from './place';
import { erredWords, extentWords, taskWords, troubleWords } from './words';

export function Detail(props: {
  id: string;
  /** Beside which it is shown. */
  anchor: HTMLElement;
  now: IPulseNow;
  samples: readonly ISample[];
  trans: TranslationBundle;
  onEnter: () => void;
  onLeave: () => void;
}): JSX.Element {
  const { anchor, id, now, samples, trans } = props;
  const node = React.useRef<HTMLDivElement>(null);
  React.useLayoutEffect(() => {
    if (node.current) {
      const { offsetHeight: height, offsetWidth: width } = node.current;
      const { left, top } = place(
        anchor.getBoundingClientRect(),
        { height, width },
        { height: window.innerHeight, width: window.innerWidth }
      );
      node.current.style.left = `${left}px`;
      node.current.style.top = `${top}px`;
    }
  });
  const rows: [string, [string, string, string]][] = [
    [trans.__('CPU'), extentWords(extent(samples, 'cpu'), '%')],
    [trans.__('Memory'), extentWords(extent(samples, 'memory'), '%')],
    [trans.__('Processing'), extentWords(extent(samples, 'processing'), '')]
  ];
  const parts = now.run?.running ? now.run.parts : [];
  return createPortal(
    <div
      ref={node}
      id={id}
      className="jp-rsdat-OverviewDetail"
      role="tooltip"
      onMouseEnter={props.onEnter}
      onMouseLeave={props.onLeave}
    >
      <table>
        <caption>{trans.__('Last %1', formatSpan(SPAN_S))}</caption>
        <thead>
          <tr>
            <td />
            <th scope="col">{trans.__('lowest')}</th>
            <th scope="col">{trans.__('mean')}</th>
            <th scope="col">{trans.__('highest')}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(([label, values]) => (
            <tr key={label}>
              <th scope="row">{label}</th>
              {values.map((value, index) => (
                <td key={index}>{value}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {parts.length > 0 && (
        <table>
          <caption>{trans.__('Dask tasks to do')}</caption>
          <tbody>
            {parts.map(part => (
              <tr key={part.name}>
                <th scope="row">{part.name}</th>
                <td>
                  {trans.__(
                    '%1 of %2',
                    part.done.toLocaleString(),
                    part.total.toLocaleString()
                  )}
                </td>
                <td className="jp-rsdat-Overview-erred">
                  {erredWords(part.erred, trans)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <p>{taskWords(now.tasks, trans).join(' · ')}</p>
      {troubleWords(now, trans).map(trouble => (
        <p key={trouble}>{trouble}</p>
      ))}
    </div>,
    document.body
  );
}
