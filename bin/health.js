#!/usr/bin/env node
// Whether the control plane of this container serves, for HEALTHCHECK. Its certificate is that of the name others know it by, so it is not checked here.
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';

const { MESHSHIFT_PORT: port = '4680', MESHSHIFT_TLS_CERTIFICATE: certificate } = process.env;
const [protocol, request] = certificate ? ['https', requestHttps] : ['http', requestHttp];
const asked = request(`${protocol}://127.0.0.1:${port}/meshshift/v1/health`, { rejectUnauthorized: false, timeout: 4_000 }, (response) => process.exit(response.statusCode === 200 ? 0 : 1));
asked.on('timeout', () => asked.destroy(new Error('no answer in time')));
asked.on('error', (error) => {
  console.error(error.message);
  process.exit(1);
});
asked.end();
