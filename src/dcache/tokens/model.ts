/** The dialog of a token: what it is, renewing it, and a narrower one to hand out. Knows no DOM. */
import type { TranslationBundle } from '@jupyterlab/translation';
import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';
import { ApiError } from '../../common/request';
import type {
  IMacaroon,
  IMacaroonRequest,
  ITokenInfo
} from '../../common/types';
import { addressesIn, isAddress } from './addresses';
import type { ITokensApi } from './api';
import { ACTIVITIES, type ActivityName } from './words';

export type MacaroonForm = IMacaroonRequest['form'];

/** The longest life of a macaroon (docs/api.yaml, MacaroonRequest), in hours. */
const MOST_H = 168;

/** What is typed about a narrower macaroon. */
export interface IMacaroonFields {
  path: string;
  activities: ReadonlySet<ActivityName>;
  hours: string;
  /** Addresses and networks, between spaces or commas. */
  ips: string;
  form: MacaroonForm;
}

export type IMacaroonProblems = Partial<Record<keyof IMacaroonFields, string>>;

export class TokenModel implements IDisposable {
  constructor(options: TokenModel.IOptions) {
    this._options = options;
    this._fields = {
      path: options.path,
      activities: new Set(['LIST', 'DOWNLOAD', 'READ_METADATA']),
      hours: '24',
      ips: '',
      form: 'token'
    };
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  get endpoint(): string {
    return this._options.endpoint;
  }

  /** About the present one; null until it is known. */
  get info(): ITokenInfo | null {
    return this._info;
  }

  /** Why nothing is known of the present one. */
  get error(): ApiError | null {
    return this._error;
  }

  /** Why it was not renewed. */
  get renewError(): ApiError | null {
    return this._renewError;
  }

  /** Whether it was renewed since the dialog was opened. */
  get isRenewed(): boolean {
    return this._isRenewed;
  }

  /** Something is being asked for. */
  get isBusy(): boolean {
    return this._isBusy;
  }

  get fields(): IMacaroonFields {
    return this._fields;
  }

  /** The new one; a secret. Null before it was made, and as soon as something else is typed. */
  get macaroon(): IMacaroon | null {
    return this._macaroon;
  }

  /** Whether the secret may be drawn. */
  get isRevealed(): boolean {
    return this._isRevealed;
  }

  /** Why it was not made. */
  get mintError(): ApiError | null {
    return this._mintError;
  }

  /** What is wrong with what is typed. */
  get problems(): IMacaroonProblems {
    const { trans } = this._options;
    const { activities, hours, ips, path } = this._fields;
    const problems: IMacaroonProblems = {};
    if (!path.trim().startsWith('/')) {
      problems.path = trans.__('An absolute path, beginning with /');
    }
    if (activities.size === 0) {
      problems.activities = trans.__('At least one');
    }
    const number = /^\d+$/.test(hours.trim()) ? Number(hours) : 0;
    if (number < 1 || number > MOST_H) {
      problems.hours = trans.__('A whole number from 1 to %1', MOST_H);
    }
    const wrong = addressesIn(ips).find(text => !isAddress(text));
    if (wrong !== undefined) {
      problems.ips = trans.__(
        '“%1” is no address or network, such as 192.0.2.7 or 2001:db8::/32',
        wrong
      );
    }
    return problems;
  }

  /** Activities that the present token has; all when it is not limited. */
  get offered(): readonly ActivityName[] {
    const has = this._info?.activities ?? null;
    return has === null ? ACTIVITIES : ACTIVITIES.filter(x => has.includes(x));
  }

  /** Ask what the present one is. */
  async load(): Promise<void> {
    this._error = null;
    try {
      this._take(await this._options.api.get(this.endpoint));
    } catch (reason) {
      this._error = ApiError.from(reason);
    }
    this._emit();
  }

  /** Put another in the place of the present one; true when dCache's door has it now. */
  async renew(token: string): Promise<boolean> {
    this._isBusy = true;
    this._renewError = null;
    this._isRenewed = false;
    this._emit();
    try {
      this._take(await this._options.api.renew(this.endpoint, token.trim()));
      this._isRenewed = true;
      this._options.onRenewed();
      return true;
    } catch (reason) {
      this._renewError = ApiError.from(reason);
      return false;
    } finally {
      this._isBusy = false;
      this._emit();
    }
  }

  /** Fill in some fields; a macaroon that was made is forgotten, as it is another. */
  set(part: Partial<IMacaroonFields>): void {
    this._fields = { ...this._fields, ...part };
    this._forget();
    this._emit();
  }

  toggle(activity: ActivityName): void {
    const activities = new Set(this._fields.activities);
    if (!activities.delete(activity)) {
      activities.add(activity);
    }
    this.set({ activities });
  }

  /** Have it made. */
  async mint(): Promise<void> {
    if (this._isBusy || Object.keys(this.problems).length > 0) {
      return;
    }
    const { activities, form, hours, ips, path } = this._fields;
    const offered = this.offered;
    this._forget();
    this._isBusy = true;
    this._emit();
    const fields = this._fields;
    try {
      const addresses = addressesIn(ips);
      const macaroon = await this._options.api.mint(this.endpoint, {
        path: path.trim(),
        activities: ACTIVITIES.filter(
          name => activities.has(name) && offered.includes(name)
        ),
        validity: Number(hours) * 3600,
        form,
        ...(addresses.length > 0 ? { ips: addresses } : {})
      });
      // An answer to what was typed before is not what is shown now.
      if (this._fields === fields && !this._isDisposed) {
        this._macaroon = macaroon;
      }
    } catch (reason) {
      this._mintError = ApiError.from(reason);
    } finally {
      this._isBusy = false;
      this._emit();
    }
  }

  /** Draw the secret, or hide it again. */
  reveal(isRevealed: boolean): void {
    this._isRevealed = isRevealed;
    this._emit();
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._forget();
    Signal.clearData(this);
  }

  private _take(info: ITokenInfo): void {
    this._info = info;
    const offered = this.offered;
    const activities = [...this._fields.activities].filter(name =>
      offered.includes(name)
    );
    this._fields = { ...this._fields, activities: new Set(activities) };
  }

  private _forget(): void {
    this._macaroon = null;
    this._isRevealed = false;
    this._mintError = null;
  }

  private _emit(): void {
    if (!this._isDisposed) {
      this._changed.emit();
    }
  }

  private _options: TokenModel.IOptions;
  private _info: ITokenInfo | null = null;
  private _error: ApiError | null = null;
  private _renewError: ApiError | null = null;
  private _mintError: ApiError | null = null;
  private _isRenewed = false;
  private _isBusy = false;
  private _fields: IMacaroonFields;
  private _macaroon: IMacaroon | null = null;
  private _isRevealed = false;
  private _changed = new Signal<this, void>(this);
  private _isDisposed = false;
}

export namespace TokenModel {
  export interface IOptions {
    api: ITokensApi;
    endpoint: string;
    /** What a narrower macaroon is for, to begin with. */
    path: string;
    trans: TranslationBundle;
    /** The token was renewed. */
    onRenewed: () => void;
  }
}
