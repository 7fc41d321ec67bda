/**
 * The question to a notebook's kernel: which Dask clients it has, and with which packages.
 *
 * An expression that looks only at what is imported already and imports nothing. It leaves no name
 * behind, needs no rsdat, and makes no request to anybody: a client knows its scheduler's id.
 */

/** The kind of data in which the kernel answers. */
const ANSWER = 'application/vnd.rsdat.clients+json';

/** Whose versions matter: those that rsdat/clusters/diagnosis/versions.py compares. */
const PACKAGES = [
  'dask',
  'distributed',
  'msgpack',
  'cloudpickle',
  'numpy',
  'pandas'
];

/** Every client that was not collected yet; the one that Dask takes by itself comes last. */
const CLIENTS =
  'tuple(getattr(modules.get("distributed.client"), "_global_clients", {}).values())';

const names = `(${PACKAGES.map(name => `"${name}"`).join(', ')})`;

/** Python; its value shows itself as JSON. tests/notebook runs it in a real kernel. */
export const QUESTION = [
  '(lambda modules, version: type("Clients", (), {"_repr_mimebundle_": lambda self, **_: {',
  `"${ANSWER}": {`,
  '"clients": [{"id": c.id, "status": c.status, ',
  `"scheduler": (c._scheduler_identity or {}).get("id")} for c in ${CLIENTS}],`,
  '"packages": {"python": "%d.%d.%d" % version[:3], ',
  `**{name: str(modules[name].__version__) for name in ${names} `,
  'if hasattr(modules.get(name), "__version__")}}',
  '}}})())(__import__("sys").modules, __import__("sys").version_info)'
].join('');

/** Python that closes those clients, also asynchronous ones. */
export function closing(clients: readonly string[]): string {
  return [
    '(lambda modules: [',
    '(modules["asyncio"].ensure_future(left) if hasattr(left, "__await__") else left) ',
    `for c in ${CLIENTS} if c.id in ${JSON.stringify(clients)} for left in [c.close()]`,
    '])(__import__("sys").modules)'
  ].join('');
}

/** One `distributed.Client` in a kernel. */
export interface IKernelClient {
  /** `Client-…`, by which the scheduler knows it. */
  readonly id: string;
  /** Dask's id of the scheduler; null while it is not known. */
  readonly scheduler: string | null;
  /** Dask's word: running, connecting, … */
  readonly status: string;
}

/** What a kernel said. */
export interface IKernelAnswer {
  /** Those that are not closed; the one that Dask takes by itself comes last. */
  readonly clients: readonly IKernelClient[];
  /** Versions by package, `python` among them. */
  readonly packages: Readonly<Record<string, string>>;
}

/** The answer in a kernel's reply to the question under `key`; null where there is none. */
export function readAnswer(
  expressions: unknown,
  key: string
): IKernelAnswer | null {
  const reply = (expressions as Record<string, IEvaluated> | undefined)?.[key];
  const data = reply?.status === 'ok' ? reply.data?.[ANSWER] : undefined;
  if (!isAnswer(data)) {
    return null;
  }
  const clients = data.clients.filter(({ status }) => status !== 'closed');
  return { clients, packages: data.packages };
}

interface IEvaluated {
  status?: string;
  data?: Record<string, unknown>;
}

function isAnswer(data: unknown): data is IKernelAnswer {
  const answer = data as Partial<IKernelAnswer> | null | undefined;
  return (
    Array.isArray(answer?.clients) &&
    typeof answer.packages === 'object' &&
    answer.packages !== null
  );
}
