import { AppMeshClient, ListTagsForResourceCommand, NotFoundException, ConflictException, TagResourceCommand, type TagRef } from '@aws-sdk/client-app-mesh';
import { NAMES_OF, type MeshResource } from '../contracts/mesh-file.ts';
import { ResourceChanged } from './errors.ts';
import { OPERATIONS, toCommand, type ResourceData, type Verb } from './operations.ts';
import { openSigner, type AccessKey, type RequestSigner } from './sign.ts';
import { openSignedGet, type Get } from './signed-get.ts';

export interface MeshClient {
  /** The control plane's base URL, which also serves meshshift's extensions. */
  readonly url: string;
  /** Reads one of these extensions. */
  readonly get: Get;
  /** The resource as it is, or undefined when there is none. */
  describe(resource: MeshResource): Promise<ResourceData | undefined>;
  /** @throws ResourceChanged when someone else created it meanwhile. */
  create(resource: MeshResource): Promise<ResourceData>;
  /** Writes the spec. @throws ResourceChanged unless the stored version still is `ifVersion`. */
  update(resource: MeshResource, ifVersion: number): Promise<ResourceData>;
  /** Deletes it; undefined when it was not there. */
  delete(resource: MeshResource): Promise<ResourceData | undefined>;
  tags(arn: string): Promise<readonly TagRef[]>;
  tag(arn: string, tags: readonly TagRef[]): Promise<void>;
  close(): void;
}

/** A hung control plane must not outlast the step that waits for it. */
const REQUEST_TIMEOUT_MS = 5000;
const CONNECT_TIMEOUT_MS = 1500;

interface Header {
  readonly headers: Record<string, string>;
}

type Data = Readonly<Record<string, unknown>> & { spec?: object; status?: { status?: string }; metadata?: { version?: number; arn?: string } };

function toData(answer: Readonly<Record<string, unknown>>, member: string): ResourceData {
  const { spec = {}, status, metadata } = (answer[member] ?? {}) as Data;
  return { spec, status: status?.status ?? 'INACTIVE', version: metadata?.version ?? 0, arn: metadata?.arn ?? '' };
}

/** The input of describe and delete: the names and the owner, nothing else. */
const namesOnly = ({ create, input }: MeshResource): Record<string, unknown> =>
  Object.fromEntries([...NAMES_OF[create], 'meshOwner'].filter((name) => input[name] !== undefined).map((name) => [name, input[name]]));

const updateInput = ({ create, input }: MeshResource): Record<string, unknown> => ({ ...namesOnly({ create, input }), spec: input['spec'] });

/** By its own key the SDK does not ask AWS for credentials; the signer asks for the key. */
const byOwnKey = (signer: () => Promise<RequestSigner>) => ({ signer, credentials: { accessKeyId: 'none', secretAccessKey: 'none' } });

/**
 * @param url The control plane's base URL.
 * @param accessKey By default AWS's own, as the environment has it; a control plane on this machine checks none.
 * @param region By default the environment's.
 */
export function openMeshClient(url: string, accessKey?: AccessKey, region?: string): MeshClient {
  const base = url.replace(/\/$/, '');
  const requestHandler = { requestTimeout: REQUEST_TIMEOUT_MS, connectionTimeout: CONNECT_TIMEOUT_MS };
  const client: AppMeshClient = new AppMeshClient({ endpoint: url, ...(accessKey === undefined ? {} : byOwnKey(() => Promise.resolve(signer))), ...(region === undefined ? {} : { region }), maxAttempts: 3, requestHandler });
  const signer = openSigner(accessKey ?? client.config.credentials, client.config);

  async function send(verb: Verb, { create }: MeshResource, input: unknown, ifVersion?: number): Promise<ResourceData> {
    const command = toCommand(create, verb, input);
    if (ifVersion !== undefined) {
      command.middlewareStack.add(
        (next) => (args) => {
          (args as unknown as { request: Header }).request.headers['x-meshshift-if-version'] = String(ifVersion);
          return next(args);
        },
        { step: 'build', name: 'ifVersion' },
      );
    }
    return toData((await client.send(command)) as unknown as Readonly<Record<string, unknown>>, OPERATIONS[create].member);
  }

  const missing = (error: unknown): undefined => {
    if (error instanceof NotFoundException) return undefined;
    throw error;
  };
  const changed = (error: unknown): never => {
    if (error instanceof ConflictException) throw new ResourceChanged(error.message, { cause: error });
    throw error;
  };

  return {
    url: base,
    get: openSignedGet(base, signer),
    describe: async (resource) => {
      const data = await send('describe', resource, namesOnly(resource)).catch(missing);
      return data?.status === 'DELETED' ? undefined : data;
    },
    create: (resource) => send('create', resource, resource.input).catch(changed),
    update: (resource, ifVersion) => send('update', resource, updateInput(resource), ifVersion).catch(changed),
    delete: (resource) => send('delete', resource, namesOnly(resource)).catch(missing),
    tags: async (resourceArn) => (await client.send(new ListTagsForResourceCommand({ resourceArn }))).tags ?? [],
    tag: async (resourceArn, tags) => {
      await client.send(new TagResourceCommand({ resourceArn, tags: [...tags] }));
    },
    close: () => {
      client.destroy();
    },
  };
}
