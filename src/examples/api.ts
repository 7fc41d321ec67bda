/** The routes of the example notebooks. */
import type { ServerConnection } from '@jupyterlab/services';
import { requestJson, route } from '../common/request';
import type { IExample, IExampleCopy, IExampleList } from '../common/types';

/** What the examples ask of the companion. */
export interface IExamplesApi {
  /** Those there are. @throws ApiError */
  list(): Promise<IExample[]>;
  /**
   * Put one into a folder of the workspace; what is there is not changed.
   *
   * @param another - A further copy where there is one already.
   * @throws ApiError when there is no such example or folder, or nothing can be written there.
   */
  open(name: string, folder: string, another: boolean): Promise<IExampleCopy>;
}

export class ExamplesApi implements IExamplesApi {
  constructor(settings: ServerConnection.ISettings) {
    this._settings = settings;
  }

  async list(): Promise<IExample[]> {
    const url = route(this._settings, 'api', 'examples');
    return (await requestJson<IExampleList>(this._settings, url)).examples;
  }

  open(name: string, folder: string, another: boolean): Promise<IExampleCopy> {
    const url = route(this._settings, 'api', 'examples', name, 'open');
    return requestJson(this._settings, url, {
      method: 'POST',
      body: JSON.stringify({ folder, another })
    });
  }

  private _settings: ServerConnection.ISettings;
}
