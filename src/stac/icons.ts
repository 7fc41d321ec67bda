/** The icon of catalogs and searches. */
import { LabIcon } from '@jupyterlab/ui-components';
import stacSvg from '../../style/icons/stac.svg';

export const stacIcon = new LabIcon({
  name: 'jupyterlab-rsdat:stac',
  svgstr: stacSvg
});
