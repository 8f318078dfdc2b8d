import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Log } from '../../contracts/log.ts';
import type { DocumentStore } from '../../store/port.ts';
import type { MeshReader } from '../model/resources.ts';
import { RequestAborted } from '../http/request-body.ts';
import type { ChangeLog } from '../peers/change-log.ts';
import { ApiError, badRequest } from './errors.ts';
import type { Quotas } from './rules/quotas.ts';
import { openClientTokens } from './state/client-tokens.ts';
import { openMeshStore, type SharedMeshes } from './state/mesh-store.ts';
import type { Api } from './verbs/api.ts';
import { perform } from './verbs/perform.ts';
import { createAnswerTexts } from './wire/answer-text.ts';
import { readOperations, type Operation } from './wire/operations.ts';
import { readInput, type Input } from './wire/read-input.ts';
import { sendAnswer, sendError } from './wire/respond.ts';
import { createRouter } from './wire/router.ts';

export interface MeshApiOptions {
  readonly store: DocumentStore;
  readonly region: string;
  /** 12 digits: the owner of every mesh. */
  readonly accountId: string;
  /** Epoch milliseconds. */
  readonly clock: () => number;
  readonly log: Log;
  readonly quotas?: Quotas;
  /** How control planes over one store hear of each other's changes; without it this is the only one. */
  readonly changes?: ChangeLog | undefined;
  /** Identifiers of resources and requests; random UUIDs by default. */
  readonly newId?: () => string;
}

export interface MeshApi {
  /** Everything there is, from memory. */
  readonly reader: MeshReader;
  /** Where there are other control planes: how their changes come in. */
  readonly shared: SharedMeshes | undefined;
  /** Whether a path (with or without query) is App Mesh's. */
  owns(method: string, path: string): boolean;
  /** Answers a request; never rejects. */
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
}

/** What a request asks for. */
interface Asked {
  readonly operation: Operation;
  readonly input: Input;
}

/** Of so many URLs, and no longer ones, it is remembered what they ask for. */
const MOST_URLS = 2_000;
const LONGEST_URL = 1_000;

const VERSION_HEADER = 'x-meshshift-if-version';

/** @throws ApiError BadRequestException */
function readVersion(request: IncomingMessage): number | undefined {
  const text = request.headers[VERSION_HEADER];
  if (text === undefined) return undefined;
  if (typeof text === 'string' && /^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw badRequest(`'${VERSION_HEADER}': must be a version, a whole number from 1`);
}

/**
 * App Mesh's API of 2019-01-25, all 38 operations, over a store. Everything is held in memory; a change is durable before it is answered.
 * One request header is its own: with `x-meshshift-if-version: N` an update or delete is a ConflictException unless the version is N.
 */
export async function openMeshApi({ store, region, accountId, clock, log, quotas = {}, changes, newId = randomUUID }: MeshApiOptions): Promise<MeshApi> {
  const meshes = await openMeshStore(store, log, changes);
  const tokens = await openClientTokens(store, clock, log);
  const api: Api = { meshes, tokens, region, accountId, clock, newId, quotas };
  const route = createRouter(readOperations());
  const textOf = createAnswerTexts();

  const read = async (request: IncomingMessage): Promise<Asked> => {
    const [path = '', query = ''] = (request.url ?? '').split(/\?(.*)/s);
    const match = route(request.method ?? '', path);
    if (match === undefined)
      throw new ApiError('UnknownOperationException', `no operation of App Mesh is ${request.method ?? ''} ${path.slice(0, 200)}`);
    return { operation: match.operation, input: await readInput(request, match, query) };
  };
  /** A GET is its URL alone, and the same ones are asked for again and again. */
  const known = new Map<string, Asked>();
  const readGet = async (request: IncomingMessage, url: string): Promise<Asked> => {
    const asked = await read(request);
    if (known.size >= MOST_URLS) known.clear();
    if (url.length <= LONGEST_URL) known.set(url, asked);
    return asked;
  };
  const answer = async (request: IncomingMessage): Promise<string> => {
    const { method, url = '' } = request;
    const { operation, input } = method === 'GET' ? (known.get(url) ?? (await readGet(request, url))) : await read(request);
    return textOf(operation, await perform(api, operation, input, readVersion(request)));
  };

  const fail = (response: ServerResponse, requestId: string, error: unknown): void => {
    if (error instanceof RequestAborted) {
      response.destroy();
      return;
    }
    if (error instanceof ApiError) {
      sendError(response, requestId, error);
      return;
    }
    log('error', 'an App Mesh request failed', { requestId, error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    sendError(response, requestId, new ApiError('InternalServerErrorException', `the request failed; the log says why under request ${requestId}`));
  };

  return {
    reader: meshes.reader,
    shared: meshes.shared,
    owns: (_method, path) => path.startsWith('/v20190125/'),
    handle: async (request, response) => {
      const requestId = newId();
      try {
        sendAnswer(response, requestId, await answer(request));
      } catch (error) {
        fail(response, requestId, error);
      }
    },
  };
}
