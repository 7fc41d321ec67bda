/** What the panel says when no dCache is known yet. */
import React from 'react';
import { CompanionNotice } from '../../common/companionnotice';
import { GuideLink } from '../../common/guide';
import { AccessCommandIDs } from '../endpoints/ids';
import type { IPanelContext } from './state';

/** What makes the credentials readable by their owner alone. */
const PROTECT = 'chmod 600 ~/.rsdat/endpoints.json \\\n  ~/.rsdat/spider.token';

export function NotConfigured(props: IPanelContext): JSX.Element {
  const { commands, model, trans } = props;
  const example = JSON.stringify(
    {
      format: 1,
      endpoints: [
        {
          name: 'spider',
          api_url: 'https://dcacheview.example.org:22880/api/v1/',
          webdav_url: 'https://webdav.example.org:2880/',
          token_file: '~/.rsdat/spider.token',
          home: '/pnfs/example.org/data/project'
        }
      ]
    },
    null,
    2
  );
  return (
    <div className="jp-rsdat-DCache-unconfigured">
      <CompanionNotice companion={props.companion ?? null} trans={trans} />
      <h3>{trans.__('No dCache endpoint is configured')}</h3>
      <p>
        {trans.__(
          'dCache keeps files on disk and tape. An endpoint says where its doors are and which token opens them; your dCache’s administrators tell both.'
        )}{' '}
        <GuideLink page="dcache" trans={trans} />
      </p>
      {commands.hasCommand(AccessCommandIDs.endpoints) && (
        <p>
          <button
            type="button"
            className="jp-mod-styled jp-mod-accept"
            onClick={() => void commands.execute(AccessCommandIDs.endpoints)}
          >
            {trans.__('Add an endpoint…')}
          </button>
        </p>
      )}
      <p>
        {trans.__(
          'Or write the file ~/.rsdat/endpoints.json on the computer where Jupyter runs, readable by you alone:'
        )}
      </p>
      <pre tabIndex={0}>{example}</pre>
      <p>
        {trans.__(
          'and put your token or macaroon into the file named there, on one line:'
        )}
      </p>
      <pre tabIndex={0}>{PROTECT}</pre>
      <p>
        {trans.__(
          'If you use fsspec’s own configuration for dCache (FSSPEC_DCACHE_API_URL, FSSPEC_DCACHE_WEBDAV_URL and FSSPEC_DCACHE_TOKEN, or a file in ~/.config/fsspec), it works here too, after a restart of Jupyter.'
        )}
      </p>
      <button
        type="button"
        className="jp-mod-styled jp-mod-reject"
        onClick={() => void model.refresh()}
      >
        {trans.__('Refresh')}
      </button>
    </div>
  );
}
