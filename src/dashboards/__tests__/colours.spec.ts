/** What a dashboard is told of Lab's colours. */
import { coloursOfLab } from '../frame';

afterEach(() => document.body.removeAttribute('style'));

it('is written as Bokeh takes it', () => {
  const { style } = document.body;
  style.setProperty('--jp-layout-color0', ' white');
  style.setProperty('--jp-ui-font-color1', 'rgba(0,0,0,.87)');
  style.setProperty('--jp-border-color1', 'rgba(0, 0, 0, .12)');
  expect(coloursOfLab(true)).toEqual({
    back: 'white',
    text: 'rgba(0,0,0,0.87)',
    line: 'rgba(0, 0, 0, 0.12)',
    dark: false
  });
});
