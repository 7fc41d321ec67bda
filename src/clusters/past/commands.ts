/** Commands on clusters that have stopped. */
import { Dialog, showDialog } from '@jupyterlab/apputils';
import { deleteIcon } from '@jupyterlab/ui-components';
import { CommandIDs } from '../ids';
import { notify, type ICommandParts } from '../targets';

export function addPastCommands(parts: ICommandParts): void {
  const { commands, model, translator } = parts;
  const trans = translator.load('jupyterlab_rsdat');

  commands.addCommand(CommandIDs.deletePast, {
    label: trans.__('Delete Past Cluster'),
    caption: trans.__('Delete the folder of a stopped cluster, with its logs'),
    icon: deleteIcon,
    isEnabled: args =>
      typeof args.cluster === 'string' && !model.past.isBusy(args.cluster),
    describedBy: {
      args: {
        type: 'object',
        required: ['cluster'],
        properties: {
          cluster: {
            type: 'string',
            description: 'Id of a stopped or damaged cluster.'
          },
          confirmed: { type: 'boolean', description: 'Do not ask first.' }
        }
      }
    },
    execute: async args => {
      const id = args.cluster as string;
      if (!args.confirmed) {
        const name = model.past.cluster(id)?.name ?? id;
        const isDamaged = model.damaged.some(each => each.id === id);
        const result = await showDialog({
          title: trans.__('Delete %1?', name),
          body: isDamaged
            ? trans.__(
                'Its scheduler and its jobs end, if there are any, and its logs are deleted.'
              )
            : trans.__(
                'Its logs, and what was asked for, are deleted. Your own files stay.'
              ),
          buttons: [
            Dialog.cancelButton({ label: trans.__('Cancel') }),
            Dialog.warnButton({ label: trans.__('Delete') })
          ]
        });
        if (!result.button.accept) {
          return;
        }
      }
      await model.past.delete(id).catch(notify);
    }
  });
}
