/** A picture for each example, and one for those that have none. */
import { LabIcon } from '@jupyterlab/ui-components';
import exampleSvg from '../../style/icons/examples/example.svg';
import galaxySvg from '../../style/icons/examples/galaxy.svg';
import meanReflectanceSvg from '../../style/icons/examples/mean-reflectance.svg';
import phenologySvg from '../../style/icons/examples/phenology.svg';
import pointCloudSvg from '../../style/icons/examples/point-cloud.svg';
import randomForestSvg from '../../style/icons/examples/random-forest.svg';
import retrievalSvg from '../../style/icons/examples/retrieval.svg';

const icon = (name: string, svgstr: string): LabIcon =>
  new LabIcon({ name: `jupyterlab-rsdat:example-${name}`, svgstr });

const anyIcon = icon('any', exampleSvg);

const icons = new Map(
  Object.entries({
    galaxy: galaxySvg,
    'mean-reflectance': meanReflectanceSvg,
    phenology: phenologySvg,
    'point-cloud': pointCloudSvg,
    'random-forest': randomForestSvg,
    retrieval: retrievalSvg
  }).map(([name, svgstr]) => [name, icon(name, svgstr)])
);

/** The icon of an example, by its name. */
export function iconOf(name: string): LabIcon {
  return icons.get(name) ?? anyIcon;
}
