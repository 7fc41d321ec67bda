/** The script that the companion puts into a scheduler's pages: what it tells the tab around the frame. */
const { readFileSync } = jest.requireActual<{
  readFileSync: (name: string, encoding: 'utf-8') => string;
}>('fs');
/** Below jest's root folder, in which the tests run. */
const SCRIPT = readFileSync('rsdat/server/dashboard.js', 'utf-8');

/** Run it in a page in a frame, or in a window of its own. */
function runIn(
  instead?: string,
  isFramed = true
): {
  told: () => unknown[];
  WebSocket: new () => EventTarget;
} {
  const postMessage = jest.fn();
  const page: Record<string, unknown> = {
    WebSocket: EventTarget,
    addEventListener: jest.fn()
  };
  page.parent = isFramed ? { postMessage } : page;
  const head = { dataset: instead ? { rsdat: instead } : {} };
  new Function('window', 'document', SCRIPT)(page, { head });
  return {
    told: () => postMessage.mock.calls.map(([{ rsdat }]) => rsdat),
    WebSocket: page.WebSocket as new () => EventTarget
  };
}

it('tells that the page is there, and how its connection does', () => {
  const { told, WebSocket } = runIn();
  expect(told()).toEqual(['ready']);
  const socket = new WebSocket();
  socket.dispatchEvent(new Event('open'));
  socket.dispatchEvent(new Event('close'));
  expect(told()).toEqual(['ready', 'open', 'closed']);
});

it('tells of a page of the companion instead of the dashboard’s, never as if it were that', () => {
  expect(runIn('broken').told()).toEqual(['closed']);
  expect(runIn('missing').told()).toEqual(['missing']);
});

it('tells nobody where there is no tab around it', () => {
  const { told, WebSocket } = runIn('broken', false);
  expect(told()).toEqual([]);
  expect(WebSocket).toBe(EventTarget);
});

export {};
