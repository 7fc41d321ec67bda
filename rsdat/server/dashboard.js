// Put into the head of a scheduler's pages by the companion. It tells the tab around the frame whether the page's connection
// stands, and gives Bokeh's plots the colours of Lab's theme. Nothing else passes between the two.
(() => {
  'use strict';
  if (window.parent === window) {
    return;
  }
  // The frame has an origin of its own and can't know its parent's; the words hold no secret.
  const tell = what => window.parent.postMessage({ rsdat: what }, '*');

  window.WebSocket = class extends window.WebSocket {
    constructor(...args) {
      super(...args);
      this.addEventListener('open', () => tell('open'));
      this.addEventListener('close', () => tell('closed'));
    }
  };

  const KINDS = [
    [/^(Figure|Plot|GridPlot)$/, c => ({ background_fill_color: c.back, border_fill_color: c.back, outline_line_color: c.line })],
    [/Axis$/, c => ({ axis_label_text_color: c.text, major_label_text_color: c.text, axis_line_color: c.line, major_tick_line_color: c.line, minor_tick_line_color: c.line })],
    [/^Grid$/, c => ({ grid_line_color: c.line })],
    [/^Title$/, c => ({ text_color: c.text })],
    [/^Text$/, c => ({ text_color: c.text })],
    [/^Legend$/, c => ({ background_fill_color: c.back, label_text_color: c.text, border_line_color: c.line })],
    [/^ColorBar$/, c => ({ background_fill_color: c.back, major_label_text_color: c.text, title_text_color: c.text })],
    [/^(Div|PreText|Paragraph)$/, c => ({ styles: { color: c.text } })]
  ];
  let colours = null;

  const paint = () => {
    const root = document.documentElement;
    root.style.background = colours.back;
    root.style.color = colours.text;
    root.style.colorScheme = colours.dark ? 'dark' : 'light';
    const documents = window.Bokeh?.documents ?? [];
    for (const shown of documents) {
      for (const model of shown._all_models?.values() ?? []) {
        for (const [kind, values] of KINDS) {
          if (!kind.test(model.type)) {
            continue;
          }
          for (const [name, value] of Object.entries(values(colours))) {
            if (name in model.properties) {
              model[name] = value;
            }
          }
        }
      }
    }
    return documents.length > 0;
  };

  // Bokeh draws some time after the page is there; it tells nobody when.
  let left = 0;
  const tryPaint = () => {
    if (!paint() && --left > 0) {
      setTimeout(tryPaint, 250);
    }
  };
  window.addEventListener('message', event => {
    if (event.source === window.parent && event.data?.rsdatTheme) {
      colours = event.data.rsdatTheme;
      left = 80;
      tryPaint();
    }
  });
  // The companion's own page may be in the place of one of Dask's; the tab says so itself.
  const instead = document.head?.dataset.rsdat;
  if (instead === 'broken') {
    tell('closed');
  } else if (instead === 'missing') {
    tell('missing');
  } else {
    tell('ready');
  }
})();
