import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hasCommand } from './components.ts';
import { freePort } from './envoy.ts';
import { eventually } from './eventually.ts';

export const hasPrometheus = hasCommand('prometheus') && hasCommand('promtool');

/** A Prometheus of its own on loopback. */
export interface Prometheus {
  readonly url: string;
  /** The samples of an instant query, as [labels, value]. */
  query(query: string): Promise<readonly (readonly [Readonly<Record<string, string>>, number])[]>;
  stop(): Promise<void>;
}

export interface PrometheusOptions {
  /** The text of its configuration. */
  readonly config?: string;
  /** Fills its data folder before it starts. */
  readonly fill?: (dataFolder: string, folder: string) => void;
}

interface Answer {
  readonly data: { readonly result: readonly { readonly metric: Record<string, string>; readonly value: readonly [number, string] }[] };
}

/** Starts one on a free port and waits until it is ready. */
export async function startPrometheus({ config = 'scrape_configs: []\n', fill = () => undefined }: PrometheusOptions = {}): Promise<Prometheus> {
  const folder = mkdtempSync(join(tmpdir(), 'meshshift-prometheus-'));
  const [data, file] = [join(folder, 'data'), join(folder, 'prometheus.yml')];
  mkdirSync(data);
  writeFileSync(file, config);
  fill(data, folder);
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const server = spawn('prometheus', [`--config.file=${file}`, `--storage.tsdb.path=${data}`, `--web.listen-address=127.0.0.1:${port}`], { stdio: 'ignore' });
  await eventually(() => fetch(`${url}/-/ready`).then((response) => response.ok || undefined, () => undefined), 'Prometheus to be ready', 20_000);
  return {
    url,
    query: async (query) => {
      const { data: { result } } = (await (await fetch(`${url}/api/v1/query?query=${encodeURIComponent(query)}`)).json()) as Answer;
      return result.map(({ metric, value }) => [metric, Number(value[1])] as const);
    },
    stop: async () => {
      await new Promise<void>((resolve) => server.once('exit', () => resolve()).kill());
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
