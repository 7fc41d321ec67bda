/** The dCache panel's icons. */
import { LabIcon } from '@jupyterlab/ui-components';
import backSvg from '../../style/icons/back.svg';
import bookmarksSvg from '../../style/icons/bookmarks.svg';
import dcacheSvg from '../../style/icons/dcache.svg';
import detailsSvg from '../../style/icons/details.svg';
import diskAndTapeSvg from '../../style/icons/disk-and-tape.svg';
import forwardSvg from '../../style/icons/forward.svg';
import serverSvg from '../../style/icons/server.svg';
import starFilledSvg from '../../style/icons/star-filled.svg';
import starSvg from '../../style/icons/star.svg';
import tapeSvg from '../../style/icons/tape.svg';
import unavailableSvg from '../../style/icons/unavailable.svg';
import type { ILocality } from './format';

export const dcacheIcon = new LabIcon({
  name: 'jupyterlab-rsdat:dcache',
  svgstr: dcacheSvg
});

const icon = (name: string, svgstr: string): LabIcon =>
  new LabIcon({ name: `jupyterlab-rsdat:${name}`, svgstr });

export const backIcon = icon('back', backSvg);
export const bookmarksIcon = icon('bookmarks', bookmarksSvg);
export const detailsIcon = icon('details', detailsSvg);
export const forwardIcon = icon('forward', forwardSvg);
export const serverIcon = icon('server', serverSvg);
export const starFilledIcon = icon('star-filled', starFilledSvg);
export const starIcon = icon('star', starSvg);

export const tapeIcon = new LabIcon({
  name: 'jupyterlab-rsdat:tape',
  svgstr: tapeSvg
});

/** The icon of each symbol of `describeLocality`. */
export const localityIcons: Readonly<
  Record<NonNullable<ILocality['symbol']>, LabIcon>
> = {
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
