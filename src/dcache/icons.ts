/** The dCache panel's icons. */
import { LabIcon } from '@jupyterlab/ui-components';
import backSvg from '../../style/icons/back.svg';
import bookmarksSvg from '../../style/icons/bookmarks.svg';
import dcacheSvg from '../../style/icons/dcache.svg';
import detailsSvg from '../../style/icons/details.svg';
import forwardSvg from '../../style/icons/forward.svg';
import serverSvg from '../../style/icons/server.svg';
import starFilledSvg from '../../style/icons/star-filled.svg';
import starSvg from '../../style/icons/star.svg';

export { localityIcons, tapeIcon } from '../common/localityicons';

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
