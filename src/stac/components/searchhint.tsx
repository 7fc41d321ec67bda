/** Where the items of a search will be: what goes on, or what is to be done first. */
import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';
import { requestOf, type SearchModel } from '../search';
import { useVersion } from './context';

interface IProps {
  search: SearchModel;
  trans: TranslationBundle;
}

/** Its own component: the items need not be drawn anew for each letter in the form. */
export function SearchHint(props: IProps): JSX.Element {
  return <>{hintText(useVersion(props.search), props.trans)}</>;
}

/** In one line; empty where the form itself says what is wrong. */
export function hintText(
  {
    apis,
    failure,
    fields,
    isRunning,
    problem
  }: Pick<SearchModel, 'apis' | 'failure' | 'fields' | 'isRunning' | 'problem'>,
  trans: TranslationBundle
): string {
  if (isRunning) {
    return trans.__('Searching…');
  }
  if (failure !== null) {
    return trans.__('There is nothing to show: the search failed.');
  }
  if (fields.url !== '') {
    return 'problems' in requestOf(fields)
      ? trans.__('Correct the search, then start it.')
      : trans.__('Search to see items here.');
  }
  if (apis === null) {
    return problem === null ? trans.__('Asking which APIs there are…') : '';
  }
  return apis.length === 0
    ? trans.__('Add an API to search.')
    : trans.__('Choose an API to search.');
}
