/** Bytes of a file to the content that Lab's editors work on, and back. Pure. */
import type { Contents } from '@jupyterlab/services';

/** A file's content as `Contents.IModel` holds it. */
export interface IContent {
  type: 'file' | 'notebook';
  format: 'text' | 'json' | 'base64';
  content: unknown;
}

/** The bytes aren't what the editor needs. */
export class UnreadableContent extends Error {
  constructor(
    readonly reason: 'not-text' | 'not-json' | 'not-notebook' | 'old-notebook'
  ) {
    super(reason);
  }
}

/**
 * The content of a file.
 *
 * @throws UnreadableContent when the bytes are no text, no JSON, or no notebook of format 4.
 */
export function decode(
  bytes: ArrayBuffer,
  kind: Omit<IContent, 'content'>
): IContent {
  if (kind.format === 'base64') {
    return { ...kind, content: toBase64(new Uint8Array(bytes)) };
  }
  const text = toText(bytes);
  if (kind.type === 'notebook') {
    return { type: 'notebook', format: 'json', content: toNotebook(text) };
  }
  return { ...kind, content: kind.format === 'json' ? toJson(text) : text };
}

/**
 * The bytes to write for what an editor saves.
 *
 * @throws Error for a piece of a file, as Lab's own file browser uploads them.
 */
export function encode(model: Partial<Contents.IModel>): Blob {
  if (model.chunk !== undefined) {
    throw new Error(
      'Files are uploaded to dCache from the dCache panel, not in pieces.'
    );
  }
  if (model.type === 'notebook') {
    return new Blob([notebookText(model.content)]);
  }
  if (model.format === 'base64') {
    return new Blob([fromBase64(String(model.content ?? ''))]);
  }
  if (model.format === 'json' && typeof model.content !== 'string') {
    return new Blob([`${JSON.stringify(model.content ?? {}, null, 2)}\n`]);
  }
  return new Blob([String(model.content ?? '')]);
}

function toText(bytes: ArrayBuffer): string {
  try {
    // A byte order mark is part of what is saved again.
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(
      bytes
    );
  } catch {
    throw new UnreadableContent('not-text');
  }
}

function toJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UnreadableContent('not-json');
  }
}

interface INotebook {
  nbformat?: unknown;
  cells?: { metadata?: Record<string, unknown> }[];
}

function toNotebook(text: string): INotebook {
  // Lab opens an empty file as an empty notebook.
  const notebook = (
    text.trim() === '' ? emptyNotebook() : toJson(text)
  ) as INotebook;
  if (typeof notebook !== 'object' || notebook === null || !notebook.nbformat) {
    throw new UnreadableContent('not-notebook');
  }
  if (notebook.nbformat !== 4 || !Array.isArray(notebook.cells)) {
    throw new UnreadableContent('old-notebook');
  }
  return withoutTrust(notebook);
}

/** What a new notebook holds. */
export function emptyNotebook(): INotebook {
  const notebook = { cells: [], metadata: {}, nbformat: 4, nbformat_minor: 5 };
  return notebook as INotebook;
}

/** A notebook as Jupyter's server writes it: one space to indent, a newline at the end. */
function notebookText(content: unknown): string {
  const notebook = withoutTrust((content ?? emptyNotebook()) as INotebook);
  return `${JSON.stringify(notebook, null, 1)}\n`;
}

/**
 * The same notebook without its cells' marks of trust.
 *
 * For its own files the Jupyter server decides which outputs may run scripts in the page, by
 * signatures it keeps (nbformat.sign); a mark inside a file is worth nothing, since whoever wrote
 * the file wrote the mark.
 */
function withoutTrust(notebook: INotebook): INotebook {
  const cells = (notebook.cells ?? []).map(cell => {
    if (!cell?.metadata || !('trusted' in cell.metadata)) {
      return cell;
    }
    const metadata = { ...cell.metadata };
    delete metadata.trusted;
    return { ...cell, metadata };
  });
  return { ...notebook, cells };
}

function toBase64(bytes: Uint8Array): string {
  let binary = '';
  // A call takes some 100 000 arguments at most.
  for (let start = 0; start < bytes.length; start += 0x8000) {
    binary += String.fromCharCode(...bytes.subarray(start, start + 0x8000));
  }
  return btoa(binary);
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text.replace(/\s/g, ''));
  const bytes = new Uint8Array(binary.length);
  for (let index = 0; index < binary.length; index++) {
    bytes[index] = binary.charCodeAt(index);
  }
  return bytes;
}
