import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/**
 * moto's server with what it warns about in templates left out: the packaged template is linted by itself, with the reasons for what is ignored.
 * And its CloudFormation does not read the type of a load balancer; the stack's is one of the network.
 */
const PROGRAM = `
from moto.cloudformation import models
models.validate_template_cfn_lint = lambda template: []
from moto.elbv2.models import ELBv2Backend
create = ELBv2Backend.create_load_balancer
ELBv2Backend.create_load_balancer = lambda self, *given, **named: create(self, *given, **{'loadbalancer_type': 'network', **named})
from moto.server import main
main(['-H', '127.0.0.1', '-p', '0'])
`;

export const hasMoto = spawnSync('python3', ['-c', 'import moto.server, cfnlint'], { stdio: 'ignore' }).status === 0;

export interface Moto {
  readonly url: string;
  /** What it said that is no request, such as resources it does not make. */
  readonly said: readonly string[];
  /** The environment of a client of it. */
  readonly env: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** Starts moto's server, which stands in for AWS, on a free port; `own` are variables that it reads. */
export async function startMoto(own: Readonly<Record<string, string>> = {}): Promise<Moto> {
  const child = spawn('python3', ['-c', PROGRAM], { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, ...own } });
  const said: string[] = [];
  const url = await new Promise<string>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`moto ended with ${String(code)}: ${said.join('\n')}`)));
    createInterface({ input: child.stderr }).on('line', (line) => {
      const found = /Running on (http:\/\/127\.0\.0\.1:\d+)/.exec(line)?.[1];
      if (found !== undefined) resolve(found);
      else if (!line.includes('HTTP/1.1"')) said.push(line);
    });
  });
  return {
    url,
    said,
    env: { AWS_ENDPOINT_URL: url, AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test', AWS_REGION: 'us-east-1' },
    stop: async () => {
      child.removeAllListeners('exit');
      const ended = once(child, 'exit');
      child.kill();
      await ended;
    },
  };
}
