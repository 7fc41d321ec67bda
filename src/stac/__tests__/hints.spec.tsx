/** What stands where the items of a search or a catalog will be. */
import '@testing-library/jest-dom';
import { nullTranslator } from '@jupyterlab/translation';
import { act, render } from '@testing-library/react';
import React from 'react';
import { ApiError } from '../../common/request';
import { SearchHint } from '../components/searchhint';
import { TreeHint } from '../components/tree';
import { SearchModel } from '../search';
import { TreeModel } from '../tree';
import { aNode, CATALOG, setup, until } from './fake';

const trans = nullTranslator.load('jupyterlab_rsdat');
const URL = 'https://example.org/stac';

describe('where the items will be', () => {
  const say = async (names: string[]) => {
    const { api, changes } = setup();
    api.apiList = names.map(name => ({
      name,
      url: `${URL}/${name}`,
      title: name,
      own: true
    }));
    const search = new SearchModel({ api, changes });
    const { container } = render(<SearchHint search={search} trans={trans} />);
    expect(container).toHaveTextContent(/^Asking which APIs/);
    await act(() => search.loadApis());
    return { api, container, search };
  };

  it('stands what is to be done first', async () => {
    const { container, search } = await say(['one', 'two']);
    expect(container).toHaveTextContent('Choose an API to search.');
    await act(async () => search.set({ url: `${URL}/two` }));
    expect(container).toHaveTextContent('Search to see items here.');
    await act(async () => search.set({ bbox: '1, 2' }));
    expect(container).toHaveTextContent('Correct the search, then start it.');
  });

  it('stands that there is no API, or that one is meant already', async () => {
    const { container } = await say([]);
    expect(container).toHaveTextContent('Add an API to search.');
    expect((await say(['one'])).container).toHaveTextContent(
      'Search to see items here.'
    );
  });

  it('stands that it is searched, and that it failed', async () => {
    const { api, container, search } = await say(['one']);
    let refuse: (reason: ApiError) => void = () => undefined;
    api.search = () => new Promise((_, reject) => (refuse = reject));
    const started = search.start();
    await act(() => until(() => search.isRunning));
    expect(container).toHaveTextContent('Searching…');
    refuse(new ApiError({ message: 'it is down', code: 'door_broken' }));
    await act(() => started);
    expect(container).toHaveTextContent('the search failed');
    // That was of what was asked before.
    act(() => search.set({ limit: '5' }));
    expect(container).toHaveTextContent('Search to see items here.');
  });

  it('stands nothing where the form tells why there are no APIs', async () => {
    const { api, changes } = setup();
    api.failure = new ApiError({ message: 'no answer', code: 'offline' });
    const search = new SearchModel({ api, changes });
    const { container } = render(<SearchHint search={search} trans={trans} />);
    await act(() => search.loadApis());
    expect(container).toBeEmptyDOMElement();
    search.dispose();
  });
});

describe('where the items of a catalog will be', () => {
  const say = () => {
    const { api } = setup();
    const tree = new TreeModel({
      api,
      root: { href: CATALOG, endpoint: null }
    });
    const { container } = render(<TreeHint tree={tree} trans={trans} />);
    return { api, container, tree };
  };

  it('stands that it is read, then nothing', async () => {
    const { api, container, tree } = say();
    expect(container).toBeEmptyDOMElement();
    const node = aNode();
    let answer: () => void = () => undefined;
    api.node = () => new Promise(resolve => (answer = () => resolve(node)));
    let started = Promise.resolve();
    act(() => void (started = tree.start()));
    expect(container).toHaveTextContent('Reading the catalog…');
    answer();
    await act(() => started);
    expect(container).toBeEmptyDOMElement();
    tree.dispose();
  });

  it('stands that it can’t be read', async () => {
    const { api, container, tree } = say();
    api.nodes.clear();
    await act(() => tree.start());
    expect(container).toHaveTextContent('There is nothing to show');
    tree.dispose();
  });

  it('stands that it is an item', async () => {
    const { api, container, tree } = say();
    api.nodes.set(CATALOG, aNode({ kind: 'item' }));
    await act(() => tree.start());
    expect(container).toHaveTextContent('This is a single item');
    tree.dispose();
  });
});
