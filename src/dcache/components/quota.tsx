/** What of the endpoint's space is used. */
import React from 'react';
import type { IQuotaList } from '../../common/types';
import { formatBytes } from '../../common/units';
import { useDetails, type IPanelContext } from './state';

type IQuota = IQuotaList['quotas'][number];
type Space = 'replica' | 'custodial' | 'output';

export function Quota(props: IPanelContext): JSX.Element | null {
  const { trans } = props;
  const { quota } = useDetails(props.details);
  if (quota === null) {
    return null;
  }
  return (
    <section className="jp-rsdat-DCache-quota" aria-label={trans.__('Quota')}>
      <h4>{trans.__('Quota')}</h4>
      {quota.quotas.length === 0 ? (
        <p className="jp-rsdat-DCache-hint">
          {quota.message ?? trans.__('dCache tells none for you here.')}
        </p>
      ) : (
        quota.quotas.map(each => (
          <Bars key={`${each.kind}-${each.id}`} {...props} quota={each} />
        ))
      )}
    </section>
  );
}

function Bars(props: IPanelContext & { quota: IQuota }): JSX.Element {
  const { quota, trans } = props;
  const who =
    quota.kind === 'user'
      ? trans.__('You (%1)', quota.id)
      : trans.__('Your group (%1)', quota.id);
  const labels: Record<Space, string> = {
    replica: trans.__('on disk'),
    custodial: trans.__('on tape'),
    output: trans.__('volatile')
  };
  const spaces: Space[] = ['replica', 'custodial', 'output'];
  return (
    <>
      {spaces.map(space => {
        const used = quota.used[space];
        const limit = quota.limit[space];
        if (used === null) {
          return null;
        }
        const text =
          limit === null
            ? trans.__(
                '%1 %2: %3 used, no limit',
                who,
                labels[space],
                formatBytes(used)
              )
            : trans.__(
                '%1 %2: %3 of %4 used',
                who,
                labels[space],
                formatBytes(used),
                formatBytes(limit)
              );
        return (
          <div key={space} className="jp-rsdat-DCache-space">
            <span>{text}</span>
            {limit !== null && (
              <meter
                min={0}
                max={Math.max(1, limit)}
                high={0.9 * limit}
                optimum={0}
                value={used}
                aria-label={text}
              />
            )}
          </div>
        );
      })}
    </>
  );
}
