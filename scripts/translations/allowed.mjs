// What reads like text for the user and stays as it is, and why.

/** Files whose strings are Python for a notebook. */
export const CODE = [
  'src/common/clientcode.ts',
  'src/dcache/code.ts',
  'src/notebook/question.ts',
  'src/stac/code.ts'
];

/** Lists of words by file. */
export const TEXTS = {
  // The list of plots is Dask's, and so are their names.
  'src/dashboards/commands.ts': ['Status'],
  'src/dashboards/plots.ts': [
    'Graph',
    'Groups',
    'Info',
    'Profile',
    'Progress',
    'Status',
    'System',
    'Task Stream',
    'Tasks',
    'Workers',
    'Workers Memory'
  ],
  'src/dashboards/plugin.ts': ['Progress', 'Task Stream', 'Workers Memory'],
  // As Jupyter's own server names what is new.
  'src/dcache/drive.ts': ['Untitled Folder'],
  // A factory of Lab.
  'src/notebook/plugin.ts': ['Notebook'],
  // A key.
  'src/clusters/logs/text.tsx': ['Home'],
  // CSS and HTML.
  'src/clusters/components/card.tsx': [
    'button, a, pre, code, input, select, [role=grid]'
  ],
  'src/common/formdialog.ts': [':is(button, summary, [data-own-enter])'],
  'src/common/guide.tsx': ['noopener noreferrer'],
  'src/common/keepfocus.ts': [
    '[tabindex], li, form, section, [role=group], [role=listitem]'
  ],
  'src/dashboards/frame.ts': [
    'allow-scripts allow-popups allow-popups-to-escape-sandbox allow-downloads'
  ],
  'src/stac/map/colors.ts': ['color-mix(in srgb, … …%, transparent)'],
  'src/stac/view.ts': ['[tabindex="0"], select, input']
};
