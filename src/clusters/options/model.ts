/**
 * The state of one form: what is typed, what can be said of it, its preview, its open question.
 *
 * It lives here and not in React, and ends with its dialog.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';
import { ApiError } from '../../common/request';
import type {
  IClusterRequest,
  IGroupRequest,
  IPreset,
  ISite
} from '../../common/types';
import type { IClustersApi } from '../api';
import { check, type IRemarks } from './checks';
import {
  clusterRequest,
  groupPreview,
  groupRequest,
  presetFields,
  realChanges,
  requestChanges,
  type Changes,
  type IOptionFields
} from './fields';
import { PreviewModel } from './preview';

/** What a form asks of the companion. */
export type IOptionsApi = Pick<
  IClustersApi,
  'preview' | 'site' | 'savePreset' | 'deletePreset'
>;

/** What is asked inside the form before it goes on. */
export type Question = 'start' | 'save' | 'delete';

export class OptionsModel implements IDisposable {
  constructor(options: OptionsModel.IOptions) {
    this._api = options.api;
    this._site = options.site;
    this._trans = options.trans;
    this.groups = options.groups ?? null;
    const { presets, preset } = options.site;
    const isKnown = presets.some(({ name }) => name === options.preset);
    this._preset = presetFields(
      options.site,
      (isKnown && options.preset) || preset
    );
    this._changes = realChanges(options.changes ?? {}, this._preset);
    this.preview = new PreviewModel(options.api);
    this.preview.changed.connect(this._onPreview, this);
    this._check();
  }

  /** Names of the cluster's worker groups, in the form of one more; null in that of a cluster. */
  readonly groups: readonly string[] | null;

  readonly preview: PreviewModel;

  /** Emitted when anything changed, the preview included. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get site(): ISite {
    return this._site;
  }

  /** As shown. */
  get fields(): IOptionFields {
    return { ...this._preset, ...this._changes };
  }

  /** What differs from the preset. */
  get changes(): Changes {
    return this._changes;
  }

  /** The values of the chosen preset. */
  get preset(): IOptionFields {
    return this._preset;
  }

  /** The chosen preset itself. */
  get chosen(): IPreset | undefined {
    return this._site.presets.find(({ name }) => name === this._preset.preset);
  }

  get remarks(): IRemarks {
    return this._remarks;
  }

  get isValid(): boolean {
    return Object.keys(this._remarks.errors).length === 0;
  }

  /** Whether anything but the name differs from the preset. */
  get isTouched(): boolean {
    return Object.keys(this._changes).some(key => key !== 'name');
  }

  /** What stands against these jobs: the companion's words, until it has spoken our own. */
  get problems(): readonly string[] {
    const { preview, isPending } = this.preview;
    return preview && !isPending
      ? preview.problems
      : Object.values(this._remarks.problems);
  }

  get question(): Question | null {
    return this._question;
  }

  /** Why the last change of the presets failed. */
  get presetError(): ApiError | null {
    return this._presetError;
  }

  /** Whether presets are being changed. */
  get isSaving(): boolean {
    return this._isSaving;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Fill in. */
  set(changes: Changes): void {
    this._change({ ...this._changes, ...changes });
  }

  /** Choose a preset. What differs from the old one stays as it is. */
  choose(name: string): void {
    this._preset = presetFields(this._site, name);
    this._change(this._changes);
  }

  /** Everything but the name as the preset says. */
  reset(): void {
    this._change({ name: this._changes.name });
  }

  /** Fill in what was chosen last at this site. */
  useLast(): void {
    const { last, presets, preset } = this._site;
    if (last) {
      const isKnown = presets.some(({ name }) => name === last.preset);
      const name = (isKnown && last.preset) || preset;
      this._preset = presetFields(this._site, name);
      this._change({ ...requestChanges(last), name: this._changes.name });
    }
  }

  /** The request of a valid form for a cluster. */
  clusterRequest(): IClusterRequest {
    return clusterRequest(this._preset, this._changes);
  }

  /** The request of a valid form for a worker group. */
  groupRequest(): IGroupRequest {
    return groupRequest(this._preset, this._changes);
  }

  ask(question: Question | null): void {
    this._question = question;
    this._presetError = null;
    this._emit();
  }

  /** Keep what is filled in as one's own preset, and choose it. A failure is in `presetError`. */
  async savePreset(title: string): Promise<void> {
    const request = { ...this.clusterRequest(), name: undefined };
    const name = presetName(title);
    const isSaved = await this._changePresets(() =>
      this._api.savePreset(name, { title: title.trim(), request })
    );
    if (isSaved) {
      this._preset = presetFields(this._site, name);
      this.reset();
    }
  }

  /** Delete the chosen preset; the site's own is chosen then. A failure is in `presetError`. */
  async deletePreset(): Promise<void> {
    const { preset } = this._preset;
    const isDeleted = await this._changePresets(() =>
      this._api.deletePreset(preset)
    );
    if (isDeleted) {
      this.choose(this._site.preset);
    }
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this.preview.dispose();
    Signal.clearData(this);
  }

  private async _changePresets(
    change: () => Promise<unknown>
  ): Promise<boolean> {
    this._isSaving = true;
    this._presetError = null;
    this._emit();
    try {
      await change();
      this._site = await this._api.site();
      this._question = null;
      return true;
    } catch (reason) {
      this._presetError = ApiError.from(reason);
      return false;
    } finally {
      this._isSaving = false;
      this._emit();
    }
  }

  private _change(changes: Changes): void {
    this._changes = realChanges(changes, this._preset);
    this._question = null;
    this._check();
    this._emit();
  }

  private _check(): void {
    this._remarks = check(
      {
        fields: this.fields,
        site: this._site,
        chosen: this.chosen,
        groups: this.groups
      },
      this._trans
    );
    // The name of a group is no matter of the preview.
    const isSendable = Object.keys(this._remarks.errors).every(
      key => key === 'name'
    );
    this.preview.ask(isSendable ? this._previewed() : null);
  }

  private _previewed(): IClusterRequest {
    if (this.groups) {
      return groupPreview(this._preset, this._changes);
    }
    return { ...this.clusterRequest(), name: undefined };
  }

  private _onPreview(): void {
    this._emit();
  }

  private _emit(): void {
    if (!this._isDisposed) {
      this._changed.emit();
    }
  }

  private _api: IOptionsApi;
  private _site: ISite;
  private _trans: TranslationBundle;
  private _preset: IOptionFields;
  private _changes: Changes;
  private _remarks: IRemarks = { errors: {}, problems: {}, notes: {} };
  private _question: Question | null = null;
  private _presetError: ApiError | null = null;
  private _isSaving = false;
  private _isDisposed = false;
  private _changed = new Signal<this, void>(this);
}

export namespace OptionsModel {
  export interface IOptions {
    api: IOptionsApi;
    site: ISite;
    trans: TranslationBundle;
    /** In the form of a worker group: the names that are taken. */
    groups?: readonly string[];
    /** Chosen at first; the site's own if left out. */
    preset?: string;
    /** Filled in at first. */
    changes?: Changes;
  }
}

/** The key of a preset with that title: `GPU, long` is `gpu-long`. */
export function presetName(title: string): string {
  return title
    .trim()
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
}
