/** What is asked of the companion, as addresses. */
import { ServerConnection } from '@jupyterlab/services';
import { TransfersApi } from '../api';

it('asks for no other name where one is no UTF-8', async () => {
  const fetched: string[] = [];
  const api = new TransfersApi(
    ServerConnection.makeSettings({
      baseUrl: 'http://localhost/',
      fetch: (async (request: Request) => {
        fetched.push(request.url);
        return new Response('{}');
      }) as typeof fetch
    })
  );
  await expect(api.info('here', '/a/bad\udcff')).rejects.toMatchObject({
    code: 'bad_path'
  });
  expect(fetched).toEqual([]);
});
