/** The symbols of where a file's copies are. */
import { LabIcon } from '@jupyterlab/ui-components';
import diskAndTapeSvg from '../../style/icons/disk-and-tape.svg';
import tapeSvg from '../../style/icons/tape.svg';
import unavailableSvg from '../../style/icons/unavailable.svg';
import type { ILocality } from './locality';

const icon = (name: string, svgstr: string): LabIcon =>
  new LabIcon({ name: `jupyterlab-rsdat:${name}`, svgstr });

export const tapeIcon = icon('tape', tapeSvg);

/** The icon of each symbol of `describeLocality`. */
export const localityIcons: Readonly<
  Record<NonNullable<ILocality['symbol']>, LabIcon>
> = {
  tape: tapeIcon,
  'disk-and-tape': icon('disk-and-tape', diskAndTapeSvg),
  unavailable: icon('unavailable', unavailableSvg)
};
