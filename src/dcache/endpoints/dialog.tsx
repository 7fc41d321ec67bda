/** The dialog "dCache endpoints": list, describe, try out, forget. */
import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget, UseSignal } from '@jupyterlab/ui-components';
import { Signal, type ISignal } from '@lumino/signaling';
import React from 'react';
import { ToolDialog, type IToolBody } from '../../common/tooldialog';
import type { IEndpoint } from '../../common/types';
import type { IEndpointsApi } from './api';
import { EndpointForm } from './form';
import { EndpointsModel } from './model';
import { TestResult } from './testresult';

interface IProps {
  model: EndpointsModel;
  trans: TranslationBundle;
  /** Show what the credential of an endpoint is and may do. */
  openToken: (endpoint: string) => void;
}

export function Endpoints(props: IProps): JSX.Element {
  const { model } = props;
  return (
    <UseSignal signal={model.changed}>
      {() =>
        model.fields ? <EndpointForm {...props} /> : <EndpointList {...props} />
      }
    </UseSignal>
  );
}

function EndpointList(props: IProps): JSX.Element {
  const { model, trans } = props;
  const { endpoints, error } = model;
  return (
    <div className="jp-rsdat-Endpoints">
      {error && (
        <div className="jp-rsdat-Banner" role="alert">
          <p>{error.text}</p>
          <button
            type="button"
            className="jp-rsdat-Button"
            onClick={() => void model.load()}
          >
            {trans.__('Try again')}
          </button>
        </div>
      )}
      {endpoints === null && !error && <p>{trans.__('Loading…')}</p>}
      {endpoints?.length === 0 && (
        <p>
          {trans.__(
            'No endpoint is configured. Describe the dCache that holds your data: the address of its WebDAV door and a token are enough.'
          )}
        </p>
      )}
      <ul aria-label={trans.__('Endpoints')}>
        {(endpoints ?? []).map((endpoint, index) => (
          <Endpoint
            key={endpoint.name}
            {...props}
            endpoint={endpoint}
            isDefault={index === 0}
          />
        ))}
      </ul>
      <button
        type="button"
        className="jp-mod-styled jp-mod-accept jp-rsdat-Endpoints-add"
        onClick={() => model.edit(null)}
      >
        {trans.__('Add endpoint')}
      </button>
    </div>
  );
}

function Endpoint(
  props: IProps & { endpoint: IEndpoint; isDefault: boolean }
): JSX.Element {
  const { endpoint, isDefault, model, openToken, trans } = props;
  const { name } = endpoint;
  const isTested = model.test?.name === name;
  const button = (
    label: string,
    title: string,
    onClick: () => void,
    isDisabled = false
  ): JSX.Element => (
    <button
      type="button"
      className="jp-rsdat-Button"
      aria-label={title}
      disabled={isDisabled}
      onClick={onClick}
    >
      {label}
    </button>
  );
  return (
    <li aria-label={name}>
      <h3>
        {name}
        {isDefault && (
          <span className="jp-rsdat-Endpoints-default">
            {trans.__('default')}
          </span>
        )}
      </h3>
      <dl>
        <dt>{trans.__('WebDAV')}</dt>
        <dd>{endpoint.webdav_url}</dd>
        <dt>{trans.__('REST')}</dt>
        <dd>{endpoint.api_url}</dd>
        <dt>{trans.__('Opens first')}</dt>
        <dd>{endpoint.home}</dd>
        <dt>{trans.__('Credential')}</dt>
        <dd>{endpoint.credential}</dd>
      </dl>
      {!endpoint.own && (
        <p className="jp-rsdat-Form-hint">
          {trans.__(
            'It comes from a configuration of another program, and is changed there.'
          )}
        </p>
      )}
      {isTested && model.test && <TestResult test={model.test} trans={trans} />}
      {model.doomed === name ? (
        <div
          className="jp-rsdat-Transfer-question"
          role="group"
          aria-label={trans.__('Delete “%1”?', name)}
        >
          <p>
            {trans.__(
              'Forget “%1” and the credential that was kept for it? Nothing at dCache is touched.',
              name
            )}
          </p>
          <div className="jp-rsdat-Transfer-buttons">
            {button(
              trans.__('Forget'),
              trans.__('Forget “%1”', name),
              () => void model.remove()
            )}
            {button(trans.__('Keep'), trans.__('Keep “%1”', name), () =>
              model.askRemove(null)
            )}
          </div>
        </div>
      ) : (
        <div className="jp-rsdat-Transfer-buttons">
          {button(
            trans.__('Test'),
            trans.__('Test “%1”', name),
            () => void model.runTest(name),
            isTested && model.test?.isRunning
          )}
          {button(trans.__('Token…'), trans.__('Token of “%1”', name), () =>
            openToken(name)
          )}
          {endpoint.own &&
            button(trans.__('Change…'), trans.__('Change “%1”', name), () =>
              model.edit(endpoint)
            )}
          {endpoint.own &&
            button(trans.__('Delete…'), trans.__('Delete “%1”', name), () =>
              model.askRemove(name)
            )}
        </div>
      )}
    </li>
  );
}

class EndpointsBody extends ReactWidget implements IToolBody {
  constructor(model: EndpointsModel, trans: TranslationBundle) {
    super();
    this._props = {
      model,
      trans,
      openToken: endpoint => {
        this._asked = endpoint;
        this._left.emit();
      }
    };
    this.addClass('jp-rsdat-Form');
  }

  /** Emitted when another dialog is asked for. */
  get left(): ISignal<this, void> {
    return this._left;
  }

  /** The endpoint whose token was asked for. */
  get asked(): string | null {
    return this._asked;
  }

  onEscape(): boolean {
    const { model } = this._props;
    if (model.fields || model.doomed !== null) {
      model.askRemove(null);
      model.leave();
      return true;
    }
    return false;
  }

  protected render(): JSX.Element {
    return <Endpoints {...this._props} />;
  }

  dispose(): void {
    super.dispose();
    Signal.clearData(this);
  }

  private _props: IProps;
  private _asked: string | null = null;
  private _left = new Signal<this, void>(this);
}

/** Show it, and wait until it is closed. */
export async function showEndpoints(options: {
  api: IEndpointsApi;
  trans: TranslationBundle;
  onChanged: () => void;
  openToken: (endpoint: string) => void;
  /** Begin with the form for a new one. */
  isAdding: boolean;
}): Promise<void> {
  const { api, isAdding, onChanged, openToken, trans } = options;
  const model = new EndpointsModel({ api, trans, onChanged });
  if (isAdding) {
    model.edit(null);
  }
  void model.load();
  // The dialog disposes it.
  // eslint-disable-next-line jupyter/require-disposable-ownership
  const body = new EndpointsBody(model, trans);
  try {
    await new ToolDialog(body, {
      title: trans.__('dCache endpoints'),
      close: trans.__('Close'),
      focus: isAdding ? 'input' : '.jp-rsdat-Endpoints-add'
    }).launch();
  } finally {
    model.dispose();
  }
  if (body.asked !== null) {
    openToken(body.asked);
  }
}
