/** The map's colours, read from Lab's theme: a canvas knows no CSS variables. */
import type { IMapColors } from './interface';

/** Read them where `node` stands. */
export function readColors(node: Element): IMapColors {
  const style = getComputedStyle(node);
  const of = (name: string, other: string): string =>
    style.getPropertyValue(name).trim() || other;
  const brand = of('--jp-brand-color1', '#1976d2');
  const selected = of('--jp-warn-color1', '#d84315');
  return {
    sea: of('--jp-layout-color1', 'white'),
    land: of('--jp-layout-color2', '#eeeeee'),
    coast: of('--jp-ui-font-color2', '#616161'),
    footprint: brand,
    footprintFill: withAlpha(brand, 0.1),
    selected,
    selectedFill: withAlpha(selected, 0.35),
    area: of('--jp-ui-font-color1', 'black')
  };
}

/** A colour of CSS made transparent; the browser itself understands all its notations. */
export function withAlpha(color: string, alpha: number): string {
  const hex = /^#([0-9a-f]{3}|[0-9a-f]{6})$/i.exec(color)?.[1];
  if (hex) {
    const parts =
      hex.length === 3
        ? [...hex].map(digit => digit + digit)
        : (hex.match(/../g) ?? []);
    const [red, green, blue] = parts.map(part => parseInt(part, 16));
    return `rgba(${red}, ${green}, ${blue}, ${alpha})`;
  }
  const rgb = /^rgb\(\s*(\d+)[\s,]+(\d+)[\s,]+(\d+)\s*\)$/.exec(color);
  return rgb
    ? `rgba(${rgb[1]}, ${rgb[2]}, ${rgb[3]}, ${alpha})`
    : `color-mix(in srgb, ${color} ${alpha * 100}%, transparent)`;
}
