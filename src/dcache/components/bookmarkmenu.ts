/** The menu of folders that the user marked. */
import { openPopup, type PopupItem } from './popup';
import type { IPanelContext } from './state';

export function openBookmarks(
  { bookmarks, model, trans }: IPanelContext,
  button: HTMLElement
): void {
  const { places } = bookmarks;
  const here = { endpoint: model.endpoint ?? '', path: model.path };
  const hasSeveral = (model.endpoints?.length ?? 0) > 1;
  const labelOf = ({ endpoint, path }: (typeof places)[number]): string =>
    hasSeveral ? trans.__('%1: %2', endpoint, path) : path;
  const items: PopupItem[] = [
    {
      label: trans.__('Bookmark This Folder'),
      isToggled: bookmarks.has(here),
      execute: () => bookmarks.toggle(here)
    }
  ];
  if (places.length > 0) {
    items.push(
      null,
      ...places.map(place => ({
        label: labelOf(place),
        execute: () => void model.open(place.endpoint, place.path)
      })),
      null,
      {
        label: trans.__('Remove'),
        items: places.map(place => ({
          label: labelOf(place),
          execute: () => bookmarks.toggle(place)
        }))
      }
    );
  }
  openPopup(items, button);
}
