import type { IncomingMessage, ServerResponse } from 'node:http';
import * as z from 'zod/mini';
import { PlanRefused } from '../../canary/errors.ts';
import { InvalidInput, parseInput } from '../../contracts/mistakes.ts';
import { WorkloadFailed, WorkloadUnknown } from './errors.ts';
import { WorkloadSet, type WorkloadsOptions } from './process-workloads.ts';
import { imageTag } from './workloads-file.ts';

export type { WorkloadsOptions, WorkloadStatus } from './process-workloads.ts';

/** The process workloads of `meshshift up --workloads`, behind /meshshift/local/workloads. */
export interface ProcessWorkloads {
  /** `GET /meshshift/local/workloads`; `PUT …/{mesh}/{virtualNode}` with `{ tag }`; `DELETE …/{mesh}/{virtualNode}`. */
  handle(req: IncomingMessage, res: ServerResponse): Promise<void>;
  close(): Promise<void>;
}

const MAX_BODY = 4_096;
const body = z.strictObject({ tag: imageTag });
const PATH = /^\/meshshift\/local\/workloads(?:\/([^/]+)\/([^/]+))?\/?$/;

interface Answer {
  readonly status: number;
  readonly body?: unknown;
}

async function readTag(req: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of req as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY) throw new InvalidInput([{ file: 'request body', path: '', value: `more than ${MAX_BODY} bytes`, rule: 'must be { "tag": … }' }]);
    chunks.push(chunk);
  }
  return parseInput(body, parseJson(Buffer.concat(chunks).toString('utf8')), 'request body').tag;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new InvalidInput([{ file: 'request body', path: '', value: text.slice(0, 100), rule: 'must be JSON' }], { cause });
  }
}

const notFound = (path: string): Answer => ({ status: 404, body: { error: 'NotFound', message: `${path}: there is nothing here` } });

async function answer(set: WorkloadSet, req: IncomingMessage): Promise<Answer> {
  const path = new URL(req.url ?? '/', 'http://local').pathname;
  const match = PATH.exec(path);
  if (match === null) return notFound(path);
  const [mesh, virtualNode] = [match[1], match[2]].map((part) => part && decodeURIComponent(part));
  if (!mesh || !virtualNode) return req.method === 'GET' ? { status: 200, body: { workloads: set.list() } } : { status: 405 };
  if (req.method === 'PUT') return { status: 200, body: await set.put({ mesh, virtualNode, tag: await readTag(req) }) };
  if (req.method !== 'DELETE') return { status: 405 };
  await set.remove({ mesh, virtualNode });
  return { status: 204 };
}

const STATUS_OF: readonly (readonly [new (...args: never[]) => Error, number])[] = [
  [InvalidInput, 400],
  [URIError, 400],
  // A tag of which no name can be made.
  [PlanRefused, 400],
  [WorkloadUnknown, 404],
  [WorkloadFailed, 502],
];

/**
 * Opens the process workloads: reads `file`, and starts again in the background what ran when the runtime ended.
 * @throws InvalidInput when the file is not a workloads file.
 */
export async function openProcessWorkloads(options: WorkloadsOptions): Promise<ProcessWorkloads> {
  const set = await WorkloadSet.open(options);
  return {
    async handle(req, res) {
      const { status, body: json } = await answer(set, req).catch((error: unknown) => {
        const failure = error as Error;
        const code = STATUS_OF.find(([type]) => failure instanceof type)?.[1] ?? 500;
        if (code >= 500) options.log('error', 'workload request failed', { error: failure.message });
        return { status: code, body: { error: failure.name, message: failure.message } };
      });
      res.writeHead(status, { 'content-type': 'application/json' });
      res.end(json === undefined ? undefined : JSON.stringify(json));
    },
    close: () => set.close(),
  };
}
