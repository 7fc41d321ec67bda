// Browser tests in Debian's Chromium against ui-tests/stack.py: real Lab, Slurm, Dask and door.
const { execFileSync } = require('node:child_process');
const { join } = require('node:path');
const base = require('@jupyterlab/galata/lib/playwright-config');
const galata = require('@jupyterlab/galata/lib/utils');

// galata gives up after 15 s, within which two busy cores may not have got Lab up or a kernel
// listed. Every worker reads this file.
const { waitForCondition } = galata;
galata.waitForCondition = (condition, timeout = 60_000) =>
  waitForCondition(condition, timeout);

// npm run test:lab names another environment, and has results of its own.
process.env.RSDAT_UI_PYTHON ??= join(__dirname, '..', '.venv', 'bin', 'python');
process.env.RSDAT_UI_RESULTS ??= join(__dirname, 'test-results');
const python = process.env.RSDAT_UI_PYTHON;
const results = process.env.RSDAT_UI_RESULTS;
// Other extensions are installed beside ours: what is tested then needs no hub.
const isBeside = Boolean(process.env.RSDAT_UI_BESIDE);

// The workers of Playwright read this file again and inherit the environment: chosen once.
if (!process.env.RSDAT_UI_PORTS) {
  process.env.RSDAT_UI_PORTS = execFileSync(
    python,
    [
      '-c',
      'import socket\n' +
        's = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]\n' +
        'print(",".join(str(x.getsockname()[1]) for x in s))'
    ],
    { encoding: 'utf8' }
  ).trim();
}
const [port, hubPort] = process.env.RSDAT_UI_PORTS.split(',');
const stateFile = join(results, `stack-${port}.json`);
process.env.RSDAT_UI_STATE = stateFile;

module.exports = {
  ...base,
  testDir: join(__dirname, isBeside ? 'beside' : 'tests'),
  // Patient, as two busy cores may take ten times as long: only what fails lasts longer by it.
  timeout: 300_000,
  expect: { timeout: 45_000 },
  workers: 1,
  retries: 0,
  outputDir: join(results, 'output'),
  reporter: [['list'], ['json', { outputFile: join(results, 'report.json') }]],
  use: {
    ...base.use,
    baseURL: `http://127.0.0.1:${port}`,
    // Also of waitForEvent, waitForRequest and waitForResponse.
    actionTimeout: 60_000,
    video: 'off',
    trace: 'off',
    launchOptions: {
      executablePath: process.env.CHROMIUM_PATH || '/usr/bin/chromium',
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-dev-shm-usage',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        '--no-first-run'
      ]
    }
  },
  webServer: {
    command: `${python} ${join(__dirname, 'stack.py')} --port ${port} ${isBeside ? '' : `--hub-port ${hubPort}`} --state ${stateFile} --owner ${process.pid}`,
    url: `http://127.0.0.1:${port}/lab`,
    timeout: 180_000,
    reuseExistingServer: false,
    gracefulShutdown: { signal: 'SIGTERM', timeout: 60_000 },
    stdout: process.env.RSDAT_UI_VERBOSE ? 'pipe' : 'ignore',
    stderr: 'pipe'
  }
};
