/** What the panel asks of the companion, as addresses. */
import { ServerConnection } from '@jupyterlab/services';
import { DCacheApi } from '../api';

const fetched: string[] = [];
const settings = ServerConnection.makeSettings({
  baseUrl: 'http://localhost/',
  fetch: (async (request: Request) => {
    fetched.push(request.url);
    return new Response('{}');
  }) as typeof fetch
});
const api = new DCacheApi(settings);
const listed = {
  offset: 0,
  limit: 1,
  sort: 'name',
  filter: ''
} as const;

/** All that put a path into an address. */
const questions: ((path: string) => Promise<unknown>)[] = [
  path => api.list({ endpoint: 'here', path, ...listed }),
  path => api.info({ endpoint: 'here', path }),
  path => api.details({ endpoint: 'here', path }),
  path => api.preview({ endpoint: 'here', path }),
  path => api.read({ endpoint: 'here', path }),
  path => api.write({ endpoint: 'here', path }, new Blob(), { replace: false })
];

beforeEach(() => fetched.splice(0));

it.each(questions)('asks for no other name (%#)', async ask => {
  await expect(ask('/a/bad\udcff/b')).rejects.toMatchObject({
    code: 'bad_path',
    message:
      'The name “bad\udcff” is no UTF-8: dCache’s HTTP doors can’t be asked for it.'
  });
  expect(fetched).toEqual([]);
  await ask('/a/\u{1f600}\ufffd');
  expect(decodeURIComponent(fetched[0])).toContain('a/\u{1f600}\ufffd');
});
