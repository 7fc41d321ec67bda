/** On what a command acts: the paths it was given, or what is selected in the panel. */
import type {
  ReadonlyJSONObject,
  ReadonlyPartialJSONObject
} from '@lumino/coreutils';
import type { IEntry } from '../common/types';
import type { DCacheActions } from './actions';
import type { DCacheModel } from './model';

export const ENDPOINT = {
  type: 'string',
  description: 'Name of the endpoint; the one shown if left out.'
};

export const PATHS = {
  type: 'array',
  items: { type: 'string' },
  minItems: 1,
  description:
    'Literal absolute paths; what is selected in the panel if left out.'
};

/** The arguments of a command, for its `describedBy`. */
export function schema(properties: ReadonlyJSONObject): {
  args: ReadonlyJSONObject;
} {
  return { args: { type: 'object', properties } };
}

export class Targets {
  constructor(
    private _model: DCacheModel,
    private _actions: Pick<DCacheActions, 'entriesOf'>
  ) {}

  endpoint(args: ReadonlyPartialJSONObject): string {
    return (args.endpoint as string | undefined) ?? this._model.endpoint ?? '';
  }

  /**
   * The entries; a selection of many rows is waited for, and nothing is left of one that was given
   * up meanwhile. What can't be found is told.
   */
  async entries(args: ReadonlyPartialJSONObject): Promise<readonly IEntry[]> {
    const paths = args.paths as string[] | undefined;
    if (paths) {
      return this._actions.entriesOf(this.endpoint(args), paths);
    }
    return (await this._model.selecting) ? this._model.selected : [];
  }

  /** The paths, which need not be asked for. */
  async paths(args: ReadonlyPartialJSONObject): Promise<readonly string[]> {
    const paths = args.paths as string[] | undefined;
    return paths ?? (await this.entries(args)).map(({ path }) => path);
  }

  /** Whether a command has something to act on: given paths, or a fitting number of entries. */
  when(
    fits: (selected: number) => boolean
  ): (args: ReadonlyPartialJSONObject) => boolean {
    return args => args.paths !== undefined || fits(this._model.selectedCount);
  }
}
