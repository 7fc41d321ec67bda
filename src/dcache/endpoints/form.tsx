/** The form of one endpoint: either address is enough, and one kind of credential is chosen. */
import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';
import { CheckField, ChoiceField, TextField } from '../../common/fields';
import { SecretField } from '../../common/secretfield';
import { FILE_KINDS, type CredentialKind } from './fields';
import type { EndpointsModel } from './model';
import { TestResult } from './testresult';

/** What values look like; the same in every language. */
const EXAMPLES = {
  name: 'spider',
  webdav_url: 'https://webdav.example.org:2880/',
  api_url: 'https://dcacheview.example.org:22880/api/v1/',
  home: '/pnfs/example.org/data/project',
  ca_folder: '/etc/grid-security/certificates',
  file: '~/…'
};

export function EndpointForm(props: {
  model: EndpointsModel;
  trans: TranslationBundle;
}): JSX.Element | null {
  const { model, trans } = props;
  const { fields, problems } = model;
  // What is wrong with a field is said once somebody was there, not of an empty form.
  const [touched, setTouched] = React.useState<ReadonlySet<string>>(new Set());
  const form = React.useRef<HTMLFormElement>(null);
  // The button that opened it is gone, and the focus with it.
  React.useEffect(
    () => form.current?.querySelector<HTMLElement>('input:enabled')?.focus(),
    []
  );
  if (!fields) {
    return null;
  }
  const problem = (key: keyof typeof problems): string | undefined =>
    touched.has(key) ? problems[key] : undefined;
  const set = (key: keyof typeof fields, value: string | boolean): void => {
    setTouched(new Set([...touched, key]));
    model.set({ [key]: value });
  };
  const isValid = Object.keys(problems).length === 0;
  const isTestable =
    problems.api_url === undefined && problems.webdav_url === undefined;
  return (
    <form
      ref={form}
      className="jp-rsdat-Endpoints-form"
      onSubmit={event => {
        event.preventDefault();
        void model.save();
      }}
    >
      <h3>
        {model.edited
          ? trans.__('Change “%1”', model.edited.name)
          : trans.__('New endpoint')}
      </h3>
      <div className="jp-rsdat-Form-grid">
        {!model.edited && (
          <TextField
            label={trans.__('Name')}
            value={fields.name}
            placeholder={EXAMPLES.name}
            problem={problem('name')}
            onChange={value => set('name', value)}
          />
        )}
        <TextField
          label={trans.__('WebDAV address')}
          value={fields.webdav_url}
          placeholder={EXAMPLES.webdav_url}
          problem={problem('webdav_url')}
          onChange={value => set('webdav_url', value)}
        />
        <TextField
          label={trans.__('REST address')}
          value={fields.api_url}
          placeholder={EXAMPLES.api_url}
          problem={problem('api_url')}
          onChange={value => set('api_url', value)}
        />
        <p className="jp-rsdat-Form-hint">
          {trans.__('One of the two is enough: the other is found out.')}
        </p>
        <TextField
          label={trans.__('Opens first')}
          value={fields.home}
          placeholder={EXAMPLES.home}
          problem={problem('home')}
          onChange={value => set('home', value)}
        />
        <ChoiceField
          label={trans.__('Credential')}
          value={fields.credential}
          choices={credentialChoices(model, trans)}
          onChange={value => set('credential', value)}
        />
        <Credential {...props} set={set} problem={problem} />
      </div>
      <details className="jp-rsdat-Form-more">
        <summary>{trans.__('More')}</summary>
        <div className="jp-rsdat-Form-grid">
          <TextField
            label={trans.__('Folder of trusted authorities')}
            value={fields.ca_folder}
            placeholder={EXAMPLES.ca_folder}
            problem={problem('ca_folder')}
            onChange={value => set('ca_folder', value)}
          />
          <CheckField
            label={trans.__('Follow redirects to unencrypted pools')}
            isChecked={fields.insecure_redirects}
            onChange={value => set('insecure_redirects', value)}
          />
        </div>
      </details>
      {model.test && <TestResult test={model.test} trans={trans} />}
      {model.error && (
        <p className="jp-rsdat-Transfer-problem" role="alert">
          {model.error.text}
        </p>
      )}
      <div className="jp-rsdat-Transfer-buttons">
        <button
          type="submit"
          className="jp-mod-styled jp-mod-accept"
          disabled={!isValid || model.isSaving}
        >
          {trans.__('Save')}
        </button>
        <button
          type="button"
          className="jp-mod-styled jp-mod-reject"
          disabled={!isTestable || model.test?.isRunning}
          onClick={() => void model.runTest(null)}
        >
          {trans.__('Test')}
        </button>
        <button
          type="button"
          className="jp-mod-styled jp-mod-reject"
          onClick={() => model.leave()}
        >
          {trans.__('Back')}
        </button>
      </div>
    </form>
  );
}

function Credential(props: {
  model: EndpointsModel;
  trans: TranslationBundle;
  set: (key: 'token' | 'file' | 'username' | 'password', value: string) => void;
  problem: (
    key: 'token' | 'file' | 'username' | 'password'
  ) => string | undefined;
}): JSX.Element | null {
  const { model, problem, set, trans } = props;
  const fields = model.fields!;
  if (FILE_KINDS.has(fields.credential)) {
    return (
      <TextField
        label={trans.__('File, where Jupyter runs')}
        value={fields.file}
        placeholder={EXAMPLES.file}
        problem={problem('file')}
        onChange={value => set('file', value)}
      />
    );
  }
  switch (fields.credential) {
    case 'token':
      return (
        <>
          <SecretField
            label={trans.__('Token or macaroon')}
            value={fields.token}
            problem={problem('token')}
            onChange={value => set('token', value)}
          />
          <p className="jp-rsdat-Form-hint">
            {trans.__(
              'It is kept in a file that only you can read, and never shown again.'
            )}
          </p>
        </>
      );
    case 'password':
      return (
        <>
          <TextField
            label={trans.__('User name')}
            value={fields.username}
            problem={problem('username')}
            onChange={value => set('username', value)}
          />
          <SecretField
            label={trans.__('Password')}
            value={fields.password}
            problem={problem('password')}
            onChange={value => set('password', value)}
          />
        </>
      );
    default:
      return null;
  }
}

function credentialChoices(
  { edited }: EndpointsModel,
  trans: TranslationBundle
): [CredentialKind, string][] {
  const choices: [CredentialKind, string][] = [
    ['token', trans.__('A token or macaroon, pasted here')],
    ['token_file', trans.__('A file with a token or macaroon')],
    ['rclone_config', trans.__('An rclone configuration')],
    ['ada_config', trans.__('An ada configuration')],
    ['netrc_file', trans.__('A netrc file')],
    ['proxy_file', trans.__('An X509 proxy or certificate')],
    ['password', trans.__('User name and password')]
  ];
  return [
    [
      'keep',
      edited
        ? trans.__('As it is: %1', edited.credential)
        : trans.__('None, for public data')
    ],
    ...choices
  ];
}
