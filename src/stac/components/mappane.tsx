/** The map with its tools, and the same in words. */
import { addIcon } from '@jupyterlab/ui-components';
import React from 'react';
import { ApiError } from '../../common/request';
import { boxText, parseBox, type Box } from '../filter';
import { readColors } from '../map/colors';
import type { IMapView } from '../map/interface';
import type { SearchModel } from '../search';
import { useVersion, type IStacContext } from './context';

export interface IMapPaneProps extends Pick<
  IStacContext,
  'items' | 'map' | 'trans'
> {
  /** The area drawn; it goes to the filter if nobody else takes it. */
  onDrawn?: (area: Box) => void;
  /** The area shown; the filter's if left out. */
  area?: Box | null;
}

export function MapPane(props: IMapPaneProps): JSX.Element {
  const { map: settings, trans } = props;
  const items = useVersion(props.items);
  const node = React.useRef<HTMLDivElement>(null);
  const [view, setView] = React.useState<IMapView | null>(null);
  const [failure, setFailure] = React.useState<string | null>(null);
  const [isDrawing, setDrawing] = React.useState(false);
  const id = React.useId();
  const { footprints, selection, summary } = items;
  const area =
    props.area === undefined ? parseBox(items.filter.bbox ?? '') : props.area;
  const areaText = area ? boxText(area) : '';

  React.useEffect(() => {
    let made: IMapView | null = null;
    let isGone = false;
    const observer = new ResizeObserver(() => made?.resize());
    settings.makeMap(node.current!).then(
      view => {
        if (isGone) {
          view.dispose();
          return;
        }
        made = view;
        observer.observe(node.current!);
        view.setColors(readColors(node.current!));
        view.setTiles(settings.tiles);
        view.fit(null);
        setView(view);
      },
      reason => setFailure(ApiError.from(reason).text)
    );
    return () => {
      isGone = true;
      observer.disconnect();
      made?.dispose();
    };
  }, [settings]);

  React.useEffect(() => {
    if (!view) {
      return;
    }
    const onSettings = (): void => {
      view.setTiles(settings.tiles);
      // The theme's style sheet is in use when the browser draws next.
      requestAnimationFrame(() => {
        if (!view.isDisposed && node.current) {
          view.setColors(readColors(node.current));
        }
      });
    };
    settings.changed.connect(onSettings);
    return () => void settings.changed.disconnect(onSettings);
  }, [view, settings]);

  React.useEffect(() => {
    view?.setFootprints(footprints?.footprints ?? []);
  }, [view, footprints]);

  React.useEffect(() => {
    view?.setSelected(selection.isAll ? null : new Set(selection.items.keys()));
  }, [view, selection]);

  React.useEffect(() => {
    view?.setArea(parseBox(areaText));
  }, [view, areaText]);

  // Once for each place, and once more when all of it was read and nobody has moved the map yet:
  // one that moves by itself at every filter would be no help.
  const extent = JSON.stringify(summary?.bbox ?? null);
  const fitted = React.useRef({ href: '', isWhole: false });
  const wasMoved = React.useRef(false);
  const onMoved = (): void => {
    wasMoved.current = true;
  };
  React.useEffect(() => {
    if (!view || !summary?.bbox) {
      return;
    }
    const href = items.source?.href ?? '';
    const isNew = fitted.current.href !== href;
    if (isNew) {
      wasMoved.current = false;
    }
    const isFirst = isNew || !fitted.current.isWhole;
    if (isNew || (isFirst && summary.complete && !wasMoved.current)) {
      view.fit(summary.bbox as unknown as Box);
    }
    if (isFirst) {
      fitted.current = { href, isWhole: summary.complete };
    }
  }, [view, extent, items.source, summary?.complete]);

  React.useEffect(() => {
    if (!view) {
      return;
    }
    const onPicked: Parameters<IMapView['picked']['connect']>[0] = (
      _,
      { footprint, isAdded }
    ) => void items.pick(footprint, isAdded);
    view.picked.connect(onPicked);
    return () => void view.picked.disconnect(onPicked);
  }, [view, items]);

  const { onDrawn } = props;
  React.useEffect(() => {
    if (!view) {
      return;
    }
    const take: Parameters<IMapView['drawn']['connect']>[0] = (_, box) => {
      setDrawing(false);
      if (onDrawn) {
        onDrawn(box);
      } else {
        items.setFilter({ bbox: boxText(box) });
      }
    };
    view.drawn.connect(take);
    return () => void view.drawn.disconnect(take);
  }, [view, items, onDrawn]);

  React.useEffect(() => {
    view?.setDrawing(isDrawing);
  }, [view, isDrawing]);

  const { attribution, url } = settings.tiles;
  return (
    <section
      className="jp-rsdat-StacMap"
      aria-label={trans.__('Map')}
      onPointerDownCapture={onMoved}
      onWheelCapture={onMoved}
      onKeyDownCapture={onMoved}
    >
      <div
        className="jp-rsdat-StacMap-tools"
        role="group"
        aria-label={trans.__('Map tools')}
      >
        <button
          type="button"
          className="jp-rsdat-Stac-button"
          aria-pressed={isDrawing}
          disabled={!view}
          title={trans.__('Draw an area by a drag: only items in it are shown')}
          onClick={() => setDrawing(!isDrawing)}
        >
          {trans.__('Draw area')}
        </button>
        <button
          type="button"
          className="jp-rsdat-Stac-button"
          disabled={!view}
          title={trans.__('Show all of it on the map')}
          onClick={() =>
            view?.fit((summary?.bbox as unknown as Box | null) ?? null)
          }
        >
          {trans.__('Show all')}
        </button>
        <button
          type="button"
          className="jp-rsdat-Stac-button"
          disabled={!view}
          title={trans.__('Zoom in')}
          aria-label={trans.__('Zoom in')}
          onClick={() => view?.zoom(1)}
        >
          <addIcon.react tag="span" />
        </button>
        <button
          type="button"
          className="jp-rsdat-Stac-button"
          disabled={!view}
          title={trans.__('Zoom out')}
          aria-label={trans.__('Zoom out')}
          onClick={() => view?.zoom(-1)}
        >
          <span aria-hidden="true">−</span>
        </button>
      </div>
      <div
        ref={node}
        className="jp-rsdat-StacMap-canvas"
        role="group"
        aria-roledescription={trans.__('map')}
        aria-label={trans.__('Map of the items')}
        aria-describedby={id}
        tabIndex={0}
        onKeyDown={event => {
          if (event.key === 'Escape' && isDrawing) {
            setDrawing(false);
          }
          // The arrows move the map, and nothing around it.
          if (event.key.startsWith('Arrow')) {
            event.stopPropagation();
          }
        }}
      />
      {failure !== null && (
        <p className="jp-rsdat-Stac-problem" role="alert">
          {trans.__(
            'The map could not be loaded. Reload the page. (%1)',
            failure
          )}
        </p>
      )}
      <p id={id} className="jp-rsdat-Stac-spoken">
        {words(props, area)}
      </p>
      <p className="jp-rsdat-StacMap-source">
        {trans.__('Coastline: Natural Earth')}
        {url !== '' && attribution !== '' && ` · ${attribution}`}
      </p>
    </section>
  );
}

/** What the map shows, in words. */
function words({ items, trans }: IMapPaneProps, area: Box | null): string {
  const { footprints, selection, summary } = items;
  const parts: string[] = [];
  if (footprints) {
    const shown = footprints.footprints.length;
    parts.push(
      shown < footprints.total
        ? trans.__(
            '%1 of %2 outlines are shown.',
            shown.toLocaleString(),
            footprints.total.toLocaleString()
          )
        : trans._n('%1 outline is shown.', '%1 outlines are shown.', shown)
    );
  }
  if (summary?.bbox) {
    const [west, south, east, north] = summary.bbox;
    parts.push(
      trans.__(
        'The items lie between %1 and %2 degrees of longitude, %3 and %4 of latitude.',
        west.toFixed(2),
        east.toFixed(2),
        south.toFixed(2),
        north.toFixed(2)
      )
    );
  }
  if (area) {
    parts.push(trans.__('Filtered by the area %1.', boxText(area)));
  }
  const count = selection.items.size;
  if (count > 0) {
    parts.push(
      trans._n('%1 item is selected.', '%1 items are selected.', count)
    );
  }
  parts.push(
    trans.__(
      'Arrow keys move the map, plus and minus zoom. The table holds the same items.'
    )
  );
  return parts.join(' ');
}

/** The map of a search: the area drawn on it is searched in. */
export function SearchMap(
  props: IStacContext & { search: SearchModel }
): JSX.Element {
  const search = useVersion(props.search);
  return (
    <MapPane
      {...props}
      area={parseBox(search.fields.bbox)}
      onDrawn={box => search.set({ bbox: boxText(box) })}
    />
  );
}
