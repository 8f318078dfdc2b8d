import { once } from 'node:events';
import type { Io } from '../command.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { lineLog } from '../log.ts';
import { hasColour, isLive } from '../output.ts';
import { openScreen, type Screen } from '../view/screen.ts';
import { Caller } from './caller.ts';
import { lookForEnvoy, openDataPlane, type DataPlane } from './data-plane.ts';
import { checkBadRelease, checkGoodRelease } from './expectations.ts';
import { release } from './release.ts';
import { toDemoResult, type DemoResult, type Release } from './result.ts';
import { callerProgram, openStage, readRouteSpec, setScene, type Stage } from './stage.ts';
import * as story from './story.ts';

export interface DemoOptions {
  readonly io: Io;
  readonly json: boolean;
  readonly envoy: boolean;
  readonly keep: boolean;
}

const RATE = 400;
const REPORT_MS = 250;
/** Longer than any part of it takes: a demo that hangs says so. */
const LIMIT_MS = 120_000;

/** What was opened is closed in the opposite order, whatever happens between. */
class Closers {
  readonly #closers: (() => Promise<void>)[] = [];
  add<T>(opened: T, close: (opened: T) => Promise<void>): T {
    this.#closers.unshift(() => close(opened));
    return opened;
  }
  async close(): Promise<void> {
    for (const close of this.#closers) await close();
  }
}

interface Play {
  readonly stage: Stage;
  readonly dataPlane: DataPlane;
  readonly caller: Caller;
  readonly screen: Screen;
  readonly signal: AbortSignal;
}

/** The good release, then the bad one. Answers with both and with what was not as expected. */
async function play({ stage, caller, screen, signal }: Play): Promise<{ releases: Release[]; wrong: string[] }> {
  const perform = (tag: string): Promise<Release> => release({ client: stage.client, caller, screen, signal, tag });
  screen.write(...story.beforeGood(screen.paint));
  const good = await perform('v2');
  screen.write(...story.afterGood(good, screen.paint));
  const before = await readRouteSpec(stage);
  screen.write(...story.beforeBad(screen.paint));
  const bad = await perform('v3-bad');
  const after = await readRouteSpec(stage);
  screen.write(...story.afterBad(bad, before === after, screen.paint));
  return { releases: [good, bad], wrong: [...checkGoodRelease(good), ...checkBadRelease(bad, before, after)] };
}

async function perform({ io, envoy, keep }: DemoOptions, screen: Screen, closers: Closers): Promise<{ result: DemoResult; wrong: string[] }> {
  const log = lineLog((line) => screen.write(line.trimEnd()), io.env['MESHSHIFT_DEBUG'] ? 'debug' : 'error');
  const signal = AbortSignal.any([io.interrupted, AbortSignal.timeout(LIMIT_MS)]);
  screen.write(...story.opening(screen.paint));
  const found = lookForEnvoy(envoy, log);
  const stage = closers.add(await openStage(io.env, log), (opened) => opened.close());
  screen.write(story.serving(stage.runtime));
  const provisioned = await setScene(stage);
  screen.write(story.provisioned(provisioned));
  const dataPlane = closers.add(await openDataPlane(await found, { xdsPort: stage.runtime.xdsPort, log }), (opened) => opened.stop());
  const caller = closers.add(
    new Caller({ program: callerProgram(), env: dataPlane.env, rate: RATE, reportMs: REPORT_MS, onComplaint: (line) => screen.write(line) }),
    (opened) => opened.stop(),
  );
  await caller.until(({ requests, errors }) => requests > 0 && errors === 0, signal);
  screen.write(...story.calling(dataPlane, RATE));
  const { releases, wrong } = await play({ stage, dataPlane, caller, screen, signal });
  screen.write(...(wrong.length === 0 ? story.next(stage.runtime, keep, screen.paint) : story.disappointed(wrong, screen.paint)));
  if (keep) await once(io.interrupted, 'abort');
  return { result: toDemoResult(provisioned, releases, dataPlane.kind), wrong };
}

/** Plays the demo; answers 0 when everything went as expected, 1 otherwise. */
export async function runDemo(options: DemoOptions): Promise<ExitCode> {
  const { io, json } = options;
  const stream = json ? io.stderr : io.stdout;
  const screen = openScreen(stream, { live: isLive(stream, io.env), colour: hasColour(stream, io.env) });
  const closers = new Closers();
  try {
    const { result, wrong } = await perform(options, screen, closers);
    if (json) io.stdout.write(`${JSON.stringify(result)}\n`);
    return wrong.length === 0 ? EXIT.ok : EXIT.failed;
  } catch (error) {
    if (io.interrupted.aborted) return EXIT.interrupted;
    throw error;
  } finally {
    await closers.close();
  }
}
