/** Commands on endpoints and their tokens. */
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import type { IDCache } from '../../tokens';
import { dcacheIcon } from '../icons';
import { AccessCommandIDs } from './ids';

export interface IAccessCommandOptions {
  commands: CommandRegistry;
  dcache: IDCache;
  trans: TranslationBundle;
  showEndpoints: (isAdding: boolean) => Promise<void>;
  showToken: (endpoint: string, path: string) => Promise<void>;
}

export function addAccessCommands(options: IAccessCommandOptions): void {
  const { commands, dcache, trans } = options;

  commands.addCommand(AccessCommandIDs.endpoints, {
    label: trans.__('dCache Endpoints…'),
    caption: trans.__('Describe, change and try out dCache endpoints'),
    icon: dcacheIcon,
    describedBy: {
      args: {
        type: 'object',
        properties: {
          add: {
            type: 'boolean',
            description: 'Begin with the form for a new one.'
          }
        }
      }
    },
    execute: args =>
      options.showEndpoints(args.add === true || dcache.endpoints?.length === 0)
  });

  commands.addCommand(AccessCommandIDs.token, {
    label: trans.__('dCache Token…'),
    caption: trans.__(
      'What the token is and may do; renew it, or make a narrower one'
    ),
    isEnabled: args => args.endpoint !== undefined || dcache.endpoint !== null,
    describedBy: {
      args: {
        type: 'object',
        properties: {
          endpoint: {
            type: 'string',
            description: 'Name of the endpoint; the one shown if left out.'
          },
          path: {
            type: 'string',
            description:
              'What a narrower macaroon is for; what is selected if left out.'
          }
        }
      }
    },
    execute: args => {
      const endpoint =
        (args.endpoint as string | undefined) ?? dcache.endpoint ?? '';
      const [selected] =
        endpoint === dcache.endpoint && dcache.selected.length === 1
          ? dcache.selected
          : [];
      const path = (args.path as string | undefined) ?? selected?.path;
      const folder = endpoint === dcache.endpoint ? dcache.path : '/';
      return options.showToken(endpoint, path ?? folder);
    }
  });

  dcache.stateChanged.connect(() =>
    commands.notifyCommandChanged(AccessCommandIDs.token)
  );
}
