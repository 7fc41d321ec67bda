/** The dCache panel's icons. */
import { LabIcon } from '@jupyterlab/ui-components';
import dcacheSvg from '../../style/icons/dcache.svg';
import diskAndTapeSvg from '../../style/icons/disk-and-tape.svg';
import tapeSvg from '../../style/icons/tape.svg';
import unavailableSvg from '../../style/icons/unavailable.svg';
import type { ILocality } from './format';

export const dcacheIcon = new LabIcon({
  name: 'jupyterlab-rsdat:dcache',
  svgstr: dcacheSvg
});

export const tapeIcon = new LabIcon({
  name: 'jupyterlab-rsdat:tape',
  svgstr: tapeSvg
});

/** The icon of each symbol of `describeLocality`. */
export const localityIcons: Readonly<Record<ILocality['symbol'], LabIcon>> = {
  tape: tapeIcon,
  'disk-and-tape': new LabIcon({
    name: 'jupyterlab-rsdat:disk-and-tape',
    svgstr: diskAndTapeSvg
  }),
  unavailable: new LabIcon({
    name: 'jupyterlab-rsdat:unavailable',
    svgstr: unavailableSvg
  })
};
