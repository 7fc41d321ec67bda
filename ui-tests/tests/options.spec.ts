/** The form "Cluster options": limits in words, a preview, a preset of one's own, the last choice. */
import { expect, test } from './galata';
import { card, openPanel, shutDown, stack } from './support';

test('a cluster as the form asks for it', async ({ page }) => {
  test.skip(stack().queue === 'local', 'the local queue has no partitions');
  const region = await openPanel(page, 'Clusters');
  const dialog = page.getByRole('dialog', { name: 'Cluster options' });
  const field = (name: string) =>
    dialog.getByRole('textbox', { name, exact: true });
  const preset = dialog.getByRole('combobox', { name: 'Preset' });

  await region.getByRole('button', { name: 'Cluster options' }).click();
  await field('Name').fill('asked');
  await field('Workers').fill('1');
  await field('Walltime').fill('24:00:00');
  await dialog
    .getByRole('combobox', { name: 'Partition', exact: true })
    .selectOption('short');
  await expect(field('Walltime')).toHaveAccessibleDescription(
    /short allows 1 h, you asked for 24 h/
  );
  const preview = dialog.getByRole('region', { name: 'Preview' });
  await expect(preview).toContainText('#SBATCH -t 24:00:00');
  await dialog.getByRole('button', { name: 'Start cluster' }).click();
  await expect(dialog.getByRole('alertdialog')).toContainText('wait for ever');
  await dialog.getByRole('button', { name: 'Back' }).click();

  await field('Walltime').fill('00:30:00');
  await expect(preview).toContainText('#SBATCH -t 00:30:00');
  await expect(preview).toContainText('1 an hour; at most 0.5');
  await dialog.getByRole('button', { name: 'Save as…' }).click();
  await field('Name of the preset').fill('Half an hour');
  await page.keyboard.press('Enter');
  await expect(preset).toHaveValue('half-an-hour');
  await dialog.getByRole('button', { name: 'Start cluster' }).click();
  await expect(card(page, 'asked')).toContainText(/1\s*connected/i, {
    timeout: 60_000
  });

  await region.getByRole('button', { name: 'Cluster options' }).click();
  await dialog.getByRole('button', { name: 'Use it again' }).click();
  await expect(field('Walltime')).toHaveValue('00:30:00');
  await expect(field('Name')).toHaveValue('');
  await dialog.getByRole('button', { name: 'Delete preset' }).click();
  await dialog.getByRole('button', { name: 'Delete', exact: true }).click();
  await expect(preset).not.toHaveValue('half-an-hour');
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await shutDown(page, 'asked');
});
