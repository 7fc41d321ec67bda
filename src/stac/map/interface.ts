/** What a map has to be able to do; its library is loaded when the first map is shown. */
import type { ISignal } from '@lumino/signaling';
import type { IDisposable } from '@lumino/disposable';
import type { IStacFootprints } from '../../common/types';
import type { Box } from '../filter';

export type Footprint = IStacFootprints['footprints'][number];

/** Colours of Lab's theme, as CSS writes them. */
export interface IMapColors {
  sea: string;
  land: string;
  coast: string;
  footprint: string;
  footprintFill: string;
  selected: string;
  selectedFill: string;
  area: string;
}

/** Tiles below everything; none where the address is empty. */
export interface ITiles {
  /** With `{x}`, `{y}` and `{z}`. */
  url: string;
  /** Whose they are; text, never HTML. */
  attribution: string;
}

export interface IPicked {
  footprint: Footprint;
  /** Whether it is added to what is selected. */
  isAdded: boolean;
}

export interface IMapView extends IDisposable {
  /** A footprint was pressed. */
  readonly picked: ISignal<IMapView, IPicked>;
  /** An area was drawn. */
  readonly drawn: ISignal<IMapView, Box>;
  setFootprints(footprints: readonly Footprint[]): void;
  /** Addresses of the selected items; null: all. */
  setSelected(hrefs: ReadonlySet<string> | null): void;
  /** The area that is filtered by. */
  setArea(area: Box | null): void;
  /** Whether a drag draws an area instead of moving the map. */
  setDrawing(isDrawing: boolean): void;
  setColors(colors: IMapColors): void;
  setTiles(tiles: ITiles): void;
  /** Show an area; null: the world. */
  fit(area: Box | null): void;
  /** By steps, of which one doubles. */
  zoom(steps: number): void;
  /** The element has another size. */
  resize(): void;
}

/** Makes a map in an element. */
export type MakeMap = (node: HTMLElement) => Promise<IMapView>;
