import { ConflictException, NotFoundException, ResourceInUseException } from '@aws-sdk/client-app-mesh';
import { identify, type MeshResource } from '../../src/contracts/mesh-file.ts';
import type { MeshClient } from '../../src/mesh/client.ts';
import type { ResourceData } from '../../src/mesh/operations.ts';
import { ResourceChanged } from '../../src/mesh/errors.ts';
import { createInTurn } from '../../src/store/in-turn.ts';
import { ConditionFailed, type Document, type DocumentStore, type Write } from '../../src/store/port.ts';

const copy = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

/** A document as text: each reader has a value of its own. */
class Kept implements Document {
  readonly pk: string;
  readonly sk: string;
  readonly version: number;
  readonly #text: string;
  #value: unknown;

  constructor({ pk, sk, value }: { pk: string; sk: string; value: unknown }, version: number) {
    [this.pk, this.sk, this.version, this.#text] = [pk, sk, version, JSON.stringify(value)];
  }

  /** Shared by all who only look. */
  get value(): unknown {
    this.#value ??= JSON.parse(this.#text);
    return this.#value;
  }

  read(): Document {
    return { pk: this.pk, sk: this.sk, version: this.version, value: JSON.parse(this.#text) as unknown };
  }
}

/** A store in memory that yields at each call, so that concurrent calls interleave. */
export function memoryStore(): DocumentStore & { all(pk: string): Document[] } {
  const documents = new Map<string, Kept>();
  const keyOf = (pk: string, sk: string): string => `${pk}\n${sk}`;
  const holds = ({ pk, sk, ...write }: Write): boolean => {
    const condition = write.if;
    const document = documents.get(keyOf(pk, sk));
    if (condition === undefined) return true;
    if (condition === 'absent') return document === undefined;
    return condition === 'present' ? document !== undefined : document?.version === condition.version;
  };
  const all = (pk: string): Kept[] => [...documents.values()].filter((document) => document.pk === pk).sort((a, b) => (a.sk < b.sk ? -1 : 1));
  const write = async (writes: readonly Write[]): Promise<void> => {
    await Promise.resolve();
    for (const each of writes) if (!holds(each)) throw new ConditionFailed(each, each.if!);
    for (const each of writes) {
      const key = keyOf(each.pk, each.sk);
      if (each.kind === 'delete') documents.delete(key);
      if (each.kind === 'put') documents.set(key, new Kept(each, (documents.get(key)?.version ?? 0) + 1));
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
      return documents.get(keyOf(pk, sk))?.read();
    },
    query: async (pk, { prefix = '', after = '', limit = Infinity } = {}) => {
      await Promise.resolve();
      return all(pk).filter(({ sk }) => sk.startsWith(prefix) && sk > after).slice(0, limit).map((document) => document.read());
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
  const data = (name: string, { spec, version }: Stored): ResourceData => ({ spec: copy(spec), version, status: 'ACTIVE', arn: name });
  const put = (resource: MeshResource): ResourceData => {
    const name = identify(resource);
    const stored = { spec: copy(resource.input['spec'] as object), version: (resources.get(name)?.version ?? 0) + 1, tags: (resource.input['tags'] ?? resources.get(name)?.tags ?? []) as Stored['tags'] };
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
