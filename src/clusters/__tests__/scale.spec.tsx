/** The scale form: what it lets through and what it sends. */
import '@testing-library/jest-dom';
import { nullTranslator } from '@jupyterlab/translation';
import { configure, fireEvent, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import type { IClusterChange } from '../../common/types';
import {
  parseWorkers,
  scaleChange,
  scaleFields,
  scaleProblems
} from '../scale';
import { askScale } from '../scaledialog';
import { aCluster, aGroup } from './samples';

// Lab shows its dialogs by CSS, without the attribute `open`: jsdom takes them for hidden.
configure({ defaultHidden: true });

const trans = nullTranslator.load('jupyterlab_rsdat');

describe('parseWorkers', () => {
  it.each([
    ['0', 0],
    [' 12 ', 12],
    ['10000', 10000],
    ['10001', null],
    ['', null],
    ['-1', null],
    ['1.5', null],
    ['1e3', null],
    ['four', null]
  ])('%j is %j', (text, value) => {
    expect(parseWorkers(text)).toBe(value);
  });
});

describe('the fields', () => {
  const manual = scaleFields(aCluster());

  it('only those of the chosen mode count', () => {
    const fields = { ...manual, minimum: '', maximum: '' };
    expect(scaleProblems(fields, trans)).toEqual({});
    expect(scaleChange(fields)).toEqual({ workers: 1 });
  });

  it('an empty field is invalid, not 0', () => {
    const fields = { ...manual, workers: '' };
    expect(Object.keys(scaleProblems(fields, trans))).toEqual(['workers']);
    expect(scaleChange(fields)).toBeNull();
  });

  it('the maximum is not below the minimum', () => {
    const fields = { ...manual, adaptive: true, minimum: '3', maximum: '2' };
    expect(Object.keys(scaleProblems(fields, trans))).toEqual(['maximum']);
    expect(scaleChange(fields)).toBeNull();
    expect(scaleChange({ ...fields, maximum: '3' })).toEqual({
      adapt: { minimum: 3, maximum: 3 }
    });
  });

  it('begin with what is wanted now', () => {
    const cluster = aCluster({ adapt: { minimum: 2, maximum: 9 } });
    expect(scaleFields(cluster)).toEqual({
      workers: '1',
      minimum: '2',
      maximum: '9',
      adaptive: true
    });
  });
});

describe('the dialog', () => {
  let answer: Promise<IClusterChange | null>;
  const field = (name: string): HTMLElement =>
    screen.getByRole('spinbutton', { name });
  const accept = (): HTMLElement =>
    screen.getByRole('button', { name: 'Scale' });

  beforeEach(async () => {
    answer = askScale(aCluster(), nullTranslator);
    await screen.findByRole('spinbutton', { name: 'Workers' });
  });

  it('is named by the cluster and sends the number', async () => {
    expect(
      document.querySelector('dialog[aria-label="Scale SLURMCluster 1"]')
    ).not.toBeNull();
    await userEvent.clear(field('Workers'));
    await userEvent.type(field('Workers'), '4');
    await userEvent.click(accept());
    expect(await answer).toEqual({ workers: 4 });
  });

  it('sends nothing while a field is empty, not even with Enter', async () => {
    await userEvent.clear(field('Workers'));
    expect(accept()).toBeDisabled();
    await userEvent.keyboard('{Enter}');
    expect(field('Workers')).toBeInTheDocument();
    expect(field('Workers')).toBeInvalid();
    await userEvent.type(field('Workers'), '2{Enter}');
    expect(await answer).toEqual({ workers: 2 });
  });

  it('keeps the focus, also while it can not be accepted', async () => {
    await userEvent.click(screen.getByRole('checkbox', { name: 'Adaptive' }));
    await userEvent.clear(field('Maximum workers'));
    await waitFor(() => expect(accept()).toBeDisabled());
    screen.getByRole('button', { name: 'Cancel' }).focus();
    await userEvent.tab();
    expect(screen.getByRole('checkbox', { name: 'Adaptive' })).toHaveFocus();
    // What had the focus first is disabled by now.
    const behind = document.body.appendChild(document.createElement('button'));
    behind.focus();
    expect(screen.getByRole('checkbox', { name: 'Adaptive' })).toHaveFocus();
    behind.remove();
    await userEvent.keyboard('{Escape}');
    expect(await answer).toBeNull();
  });

  it('sends bounds when adaptive', async () => {
    expect(field('Minimum workers')).toBeDisabled();
    await userEvent.click(screen.getByRole('checkbox', { name: 'Adaptive' }));
    await waitFor(() => expect(field('Workers')).toBeDisabled());
    await userEvent.clear(field('Maximum workers'));
    await userEvent.type(field('Maximum workers'), '7');
    await userEvent.click(accept());
    expect(await answer).toEqual({ adapt: { minimum: 0, maximum: 7 } });
  });

  it('cancelled gives null', async () => {
    await userEvent.keyboard('{Escape}');
    expect(await answer).toBeNull();
  });
});

describe('the dialog of a cluster with several groups', () => {
  const spin = (name: string): HTMLElement =>
    screen.getByRole('spinbutton', { name });
  const waiting = { wanted: 3, queued: 2, starting: 0, connected: 1 };
  const cluster = aCluster({
    groups: [
      aGroup(),
      aGroup({
        name: 'gpu',
        workers: waiting,
        adapt: { minimum: 1, maximum: 6 }
      })
    ]
  });

  it('begins with the group asked for, and sends it along', async () => {
    const asked = askScale(cluster, nullTranslator, 'gpu');
    const group = await screen.findByRole('combobox', {
      name: 'Worker group'
    });
    expect(group).toHaveValue('gpu');
    expect(spin('Maximum workers')).toHaveValue(6);
    await userEvent.click(screen.getByRole('button', { name: 'Scale' }));
    expect(await asked).toEqual({
      adapt: { minimum: 1, maximum: 6 },
      group: 'gpu'
    });
  });

  it('changes to the size of the group chosen; the first needs no name', async () => {
    const asked = askScale(cluster, nullTranslator, 'gpu');
    const group = await screen.findByRole('combobox', {
      name: 'Worker group'
    });
    fireEvent.change(group, { target: { value: 'workers' } });
    await waitFor(() => expect(spin('Workers')).toHaveValue(1));
    await userEvent.click(screen.getByRole('button', { name: 'Scale' }));
    expect(await asked).toEqual({ workers: 1 });
  });

  it('drops the jobs that wait, and closes', async () => {
    const asked = askScale(cluster, nullTranslator, 'gpu');
    await userEvent.click(
      await screen.findByRole('button', { name: 'Drop queued jobs' })
    );
    expect(await asked).toEqual({ drop_queued: true, group: 'gpu' });
  });

  it('offers nothing to drop where no job waits', async () => {
    const asked = askScale(cluster, nullTranslator);
    await screen.findByRole('combobox', { name: 'Worker group' });
    expect(
      screen.queryByRole('button', { name: 'Drop queued jobs' })
    ).toBeNull();
    await userEvent.click(screen.getByRole('button', { name: 'Cancel' }));
    expect(await asked).toBeNull();
  });
});
