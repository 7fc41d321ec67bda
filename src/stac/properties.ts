/** An item's properties as lines of a table. Pure. */

export interface IProperty {
  name: string;
  value: string;
}

/** The properties that contain a text, in name or value; those of `item.properties`, and a few beside. */
export function propertiesOf(
  item: Record<string, unknown>,
  text = ''
): IProperty[] {
  const properties = isRecord(item.properties) ? item.properties : {};
  const lines: IProperty[] = [
    ...['id', 'collection', 'bbox', 'stac_version']
      .filter(name => item[name] !== undefined && item[name] !== null)
      .map(name => ({ name, value: valueText(item[name]) })),
    ...Object.entries(properties)
      // They are shown as such.
      .filter(([name]) => name !== 'title' && name !== 'description')
      .map(([name, value]) => ({ name, value: valueText(value) }))
  ];
  const wanted = text.trim().toLocaleLowerCase();
  return wanted === ''
    ? lines
    : lines.filter(({ name, value }) =>
        `${name}\n${value}`.toLocaleLowerCase().includes(wanted)
      );
}

/** Title and description, where the item has them. */
export function headOf(item: Record<string, unknown>): {
  title: string | null;
  description: string | null;
} {
  const properties = isRecord(item.properties) ? item.properties : {};
  const text = (value: unknown): string | null =>
    typeof value === 'string' && value !== '' ? value : null;
  return {
    title: text(properties.title),
    description: text(properties.description)
  };
}

function valueText(value: unknown): string {
  return typeof value === 'string'
    ? value
    : Array.isArray(value) &&
        value.every(part => ['string', 'number'].includes(typeof part))
      ? value.join(', ')
      : JSON.stringify(value);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
