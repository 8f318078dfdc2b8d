import { Server, ServerCredentials, type ServerDuplexStream } from '@grpc/grpc-js';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ProtoJson } from '../../src/controlplane/translate/types.ts';
import { decode, encode } from '../../src/controlplane/xds/codec.ts';
import { read, type Authority, type Certificate } from './certificates.ts';

const identity = (bytes: Buffer): Buffer => bytes;
const PATH = '/envoy.service.secret.v3.SecretDiscoveryService/StreamSecrets';
const SECRET = 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret';

/** A local source of secrets on a Unix socket, as a SPIRE agent is one. */
export interface SdsServer {
  readonly path: string;
  stop(): void;
}

const pem = (file: string): ProtoJson => ({ inline_string: read(file) });

export const certificateSecret = ({ certificateChain, privateKey }: Certificate): ProtoJson => ({
  tls_certificate: { certificate_chain: pem(certificateChain), private_key: pem(privateKey) },
});
export const trustSecret = ({ file }: Authority): ProtoJson => ({ validation_context: { trusted_ca: pem(file) } });

/** Serves the secrets by name; a name that is not there stays unanswered. */
export function startSdsServer(secrets: Readonly<Record<string, ProtoJson>>): Promise<SdsServer> {
  const folder = mkdtempSync(join(tmpdir(), 'meshshift-sds-'));
  const path = join(folder, 'sds.sock');
  const server = new Server();
  const answer = (call: ServerDuplexStream<Buffer, Buffer>): void => {
    call.on('data', (bytes: Buffer) => {
      const request = decode('envoy.service.discovery.v3.DiscoveryRequest', bytes);
      const names = (request['resource_names'] as string[] | undefined) ?? [];
      if (request['response_nonce'] !== undefined) return;
      const resources = names.flatMap((name) => (secrets[name] === undefined ? [] : [{ '@type': SECRET, name, ...secrets[name] }]));
      call.write(Buffer.from(encode('envoy.service.discovery.v3.DiscoveryResponse', { version_info: '1', nonce: '1', type_url: SECRET, resources })));
    });
    call.on('end', () => call.end());
    call.on('error', () => undefined);
  };
  server.addService(
    { stream: { path: PATH, requestStream: true, responseStream: true, requestSerialize: identity, requestDeserialize: identity, responseSerialize: identity, responseDeserialize: identity } },
    { stream: answer },
  );
  return new Promise((resolve, reject) => {
    server.bindAsync(`unix:${path}`, ServerCredentials.createInsecure(), (error) => {
      if (error !== null) reject(error);
      else
        resolve({
          path,
          stop: () => {
            server.forceShutdown();
            rmSync(folder, { recursive: true, force: true });
          },
        });
    });
  });
}
