/** The field in which the path to go to is typed. */
import React from 'react';
import { PathInput } from '../../common/pathinput';
import { typedPath } from '../paths';
import type { IPanelContext } from './state';

export function PathField(
  props: IPanelContext & { close: () => void }
): JSX.Element {
  const { close, complete, model, trans } = props;
  const [text, setText] = React.useState(() =>
    model.path === '/' ? '/' : `${model.path}/`
  );
  const go = (path: string): void => {
    close();
    void model.openPath(typedPath(path, model.path));
  };
  return (
    <PathInput
      className="jp-rsdat-DCache-path"
      label={trans.__('Path')}
      text={text}
      onChange={setText}
      complete={complete}
      onChoose={go}
      onEnter={() => go(text)}
      onEscape={close}
      onBlur={close}
      trans={trans}
    />
  );
}
