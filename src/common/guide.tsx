/** Links into the user guide. */
import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

/** The folder of the guide's pages; a test holds the address against package.json. */
export const GUIDE = 'https://github.com/RS-DAT/rsdat/blob/main/docs';

/** A page of docs/, without `.md`. */
export type GuidePage = 'clusters' | 'dcache' | 'stac' | 'guide';

export function GuideLink(props: {
  page: GuidePage;
  trans: TranslationBundle;
}): JSX.Element {
  const { page, trans } = props;
  return (
    <a
      className="jp-rsdat-Guide"
      href={`${GUIDE}/${page}.md`}
      target="_blank"
      rel="noopener noreferrer"
    >
      {trans.__('Read the guide')}
    </a>
  );
}
