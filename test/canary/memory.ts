import { ConflictException, NotFoundException, ResourceInUseException } from '@aws-sdk/client-app-mesh';
import { identify, type MeshResource } from '../../src/contracts/mesh-file.ts';
import type { MeshClient } from '../../src/mesh/client.ts';
import type { ResourceData } from '../../src/mesh/operations.ts';
import { ResourceChanged } from '../../src/mesh/errors.ts';
import { createInTurn } from '../../src/store/in-turn.ts';
import { ConditionFailed, type Document, type DocumentStore, type Write } from '../../src/store/port.ts';

/** A value as JSON keeps it: a copy without what is undefined, and frozen, so that all may share it. Parts that are frozen are as they should be. */
function keep<T>(value: T): T;
function keep(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  if (Array.isArray(value)) return Object.freeze(value.map((entry: unknown) => keep(entry) ?? null));
  const own: Record<string, unknown> = {};
  for (const [key, entry] of Object.entries(value)) if (entry !== undefined) own[key] = keep(entry as unknown);
  return Object.freeze(own);
}

/** A store in memory that yields at each call, so that concurrent calls interleave. */
export function memoryStore(): DocumentStore & { all(pk: string): Document[] } {
  const documents = new Map<string, Document>();
  const keyOf = (pk: string, sk: string): string => `${pk}\n${sk}`;
  const holds = ({ pk, sk, ...write }: Write): boolean => {
    const condition = write.if;
    const document = documents.get(keyOf(pk, sk));
    if (condition === undefined) return true;
    if (condition === 'absent') return document === undefined;
    return condition === 'present' ? document !== undefined : document?.version === condition.version;
  };
  const all = (pk: string): Document[] => [...documents.values()].filter((document) => document.pk === pk).sort((a, b) => (a.sk < b.sk ? -1 : 1));
  const write = async (writes: readonly Write[]): Promise<void> => {
    await Promise.resolve();
    for (const each of writes) if (!holds(each)) throw new ConditionFailed(each, each.if!);
    for (const each of writes) {
      const key = keyOf(each.pk, each.sk);
      if (each.kind === 'delete') documents.delete(key);
      if (each.kind === 'put') documents.set(key, { pk: each.pk, sk: each.sk, version: (documents.get(key)?.version ?? 0) + 1, value: keep(each.value) });
    }
  };
  return {
    all,
    apply: write,
    applyInTurn: createInTurn(write),
    durable: () => Promise.resolve(),
    write,
    get: async ({ pk, sk }) => {
      await Promise.resolve();
      return documents.get(keyOf(pk, sk));
    },
    query: async (pk, { prefix = '', after = '', limit = Infinity } = {}) => {
      await Promise.resolve();
      return all(pk).filter(({ sk }) => sk.startsWith(prefix) && sk > after).slice(0, limit);
    },
    close: () => Promise.resolve(),
  };
}

interface Stored {
  spec: object;
  version: number;
  tags: readonly { key?: string | undefined; value?: string | undefined }[];
}

/** App Mesh in memory, as far as rollouts use it. Its propagation is that of a control plane that does not tell. */
export function memoryMesh(): MeshClient & { put(resource: MeshResource): void; names(): string[] } {
  const resources = new Map<string, Stored>();
  /** By client token: the same request again is answered the same, and changes nothing. */
  const answers = new Map<string, ResourceData>();
  const data = (name: string, { spec, version }: Stored): ResourceData => ({ spec, version, status: 'ACTIVE', arn: name });
  const put = (resource: MeshResource): ResourceData => {
    const name = identify(resource);
    const stored = { spec: keep(resource.input['spec'] as object), version: (resources.get(name)?.version ?? 0) + 1, tags: (resource.input['tags'] ?? resources.get(name)?.tags ?? []) as Stored['tags'] };
    resources.set(name, stored);
    return data(name, stored);
  };
  return {
    url: 'data:application/json,{}#',
    put,
    names: () => [...resources.keys()],
    describe: async (resource) => {
      await Promise.resolve();
      const name = identify(resource);
      const stored = resources.get(name);
      return stored === undefined ? undefined : data(name, stored);
    },
    create: async (resource) => {
      await Promise.resolve();
      const token = resource.input['clientToken'] as string | undefined;
      const answered = token === undefined ? undefined : answers.get(token);
      if (answered !== undefined) return answered;
      if (resources.has(identify(resource))) throw new ResourceChanged('it is there already', { cause: new ConflictException({ message: 'there', $metadata: {} }) });
      const created = put(resource);
      if (token !== undefined) answers.set(token, created);
      return created;
    },
    update: async (resource, ifVersion) => {
      await Promise.resolve();
      const stored = resources.get(identify(resource));
      if (stored === undefined) throw new NotFoundException({ message: 'gone', $metadata: {} });
      if (stored.version !== ifVersion) throw new ResourceChanged('someone else wrote');
      return put(resource);
    },
    delete: async (resource) => {
      await Promise.resolve();
      const name = identify(resource);
      const stored = resources.get(name);
      const node = resource.create === 'CreateVirtualNode' ? JSON.stringify(resource.input['virtualNodeName']) : undefined;
      const user = [...resources].find(([other, { spec }]) => node !== undefined && other !== name && JSON.stringify(spec).includes(`"virtualNode":${node}`));
      if (user !== undefined) throw new ResourceInUseException({ message: `${name} is used by ${user[0]}`, $metadata: {} });
      resources.delete(name);
      return stored === undefined ? undefined : data(name, stored);
    },
    tags: (arn) => Promise.resolve((resources.get(arn)?.tags ?? []) as never),
    tag: () => Promise.resolve(),
    get: () => Promise.resolve(new Response(null, { status: 404 })),
    close: () => undefined,
  };
}
