/** What the present token is and may do, when it ends, and another in its place. */
import React from 'react';
import { useNow } from '../../common/now';
import { SecretField } from '../../common/secretfield';
import { sentences } from '../../common/sentences';
import type { ITokenProps } from './dialog';
import { activityWords, expiryWords, kindWords, stageOf } from './words';

/** The time left is drawn anew so often. */
const TICK_MS = 30_000;

export function PresentToken(props: ITokenProps): JSX.Element {
  const { model, trans } = props;
  const now = useNow(TICK_MS);
  const { error, info } = model;
  if (error) {
    return (
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
    );
  }
  if (!info) {
    return <p>{trans.__('Loading…')}</p>;
  }
  const stage = stageOf(info.expires, now);
  return (
    <section aria-label={trans.__('Present credential')}>
      <h3>{trans.__('Present credential')}</h3>
      {info.problem && (
        <p className="jp-rsdat-Transfer-problem" role="alert">
          {sentences(info.problem)}
        </p>
      )}
      <dl className="jp-rsdat-Token-facts">
        <dt>{trans.__('Kind')}</dt>
        <dd>{kindWords(info, trans)}</dd>
        <dt>{trans.__('From')}</dt>
        <dd>{info.source}</dd>
        <dt>{trans.__('Valid')}</dt>
        <dd className={`jp-mod-${stage}`}>
          {expiryWords(info.expires, trans, now)}
        </dd>
        <dt>{trans.__('May')}</dt>
        <dd>
          {info.activities === null
            ? trans.__('all that its user may')
            : info.activities
                .map(activity => activityWords(activity, trans))
                .join(', ') || trans.__('nothing')}
        </dd>
        <dt>{trans.__('Where')}</dt>
        <dd>{whereWords(props)}</dd>
        {info.ips.length > 0 && (
          <>
            <dt>{trans.__('From addresses')}</dt>
            <dd>{info.ips.join(', ')}</dd>
          </>
        )}
        {info.identity && (
          <>
            <dt>{trans.__('As')}</dt>
            <dd>{identityWords(props)}</dd>
          </>
        )}
      </dl>
      {info.renewable ? (
        <Renew {...props} />
      ) : (
        <p className="jp-rsdat-Form-hint">
          {trans.__(
            'It is not kept in a file of its own that could be replaced here: renew it where it comes from.'
          )}
        </p>
      )}
    </section>
  );
}

function Renew({ model, trans }: ITokenProps): JSX.Element {
  const [token, setToken] = React.useState('');
  return (
    <form
      className="jp-rsdat-Form-grid"
      onSubmit={event => {
        event.preventDefault();
        void model.renew(token).then(isDone => isDone && setToken(''));
      }}
    >
      <SecretField
        label={trans.__('New token')}
        value={token}
        problem={model.renewError?.text}
        onChange={setToken}
      />
      <div className="jp-rsdat-Form-hint">
        <button
          type="submit"
          className="jp-mod-styled jp-mod-accept"
          disabled={token.trim() === '' || model.isBusy}
        >
          {trans.__('Renew')}
        </button>{' '}
        <span role="status">
          {model.isRenewed
            ? trans.__('Renewed. Workers of running clusters get it too.')
            : ''}
        </span>
      </div>
    </form>
  );
}

function whereWords({ model, trans }: ITokenProps): string {
  const { paths, root } = model.info!;
  const below =
    paths.length > 0
      ? trans.__('below %1', paths.join(', '))
      : trans.__('everywhere');
  return root === null || root === '/'
    ? below
    : trans.__('%1; it shows %2 as /', below, root);
}

function identityWords({ model, trans }: ITokenProps): string {
  const { gids, uid, username } = model.info!.identity!;
  const parts: string[] = [];
  if (username !== null) {
    parts.push(username);
  }
  if (uid !== null) {
    parts.push(trans.__('uid %1', uid));
  }
  if (gids.length > 0) {
    parts.push(trans._n('group %2', 'groups %2', gids.length, gids.join(', ')));
  }
  return parts.join(' · ');
}
