import type { Provisioned } from '../provision.ts';
import { count, errorsOfSide, percent, seconds, type Paint } from '../view/words.ts';
import type { Runtime } from '../../local/runtime.ts';
import type { DataPlane } from './data-plane.ts';
import { rollbackMs, toRolloutResult, type Release } from './result.ts';

const row = (title: string, text: string): string => `  ${title.padEnd(14)}${text}`;

export const opening = (paint: Paint): string[] => [paint('bold', 'meshshift: a good release and a bad one, on this machine'), ''];

export const serving = ({ url, xdsPort }: Runtime): string => row('control plane', `App Mesh, Step Functions and EventBridge at ${url}; xDS at 127.0.0.1:${xdsPort}`);

export function provisioned(resources: readonly Provisioned[]): string {
  return row('mesh', `pgMesh: ${resources.length} resources by provision.asl.json; the route svcNode1 sends everything to svcNode1 (v1)`);
}

export const calling = ({ about }: DataPlane, rate: number): string[] => [row('data plane', about), row('traffic', `svc2 asks svc1 ${count(rate)} times a second, gRPC over HTTP/2`)];

const PUSH = 'an ECR Image Action event reaches the bus, its rule starts canary.asl.json';

export const beforeGood = (paint: Paint): string[] => ['', paint('bold', '1. A good release: svc1:v2 is pushed'), paint('dim', `   ${PUSH}`)];

export const beforeBad = (paint: Paint): string[] => ['', paint('bold', '2. A bad release: svc1:v3-bad is pushed; it answers three requests in ten with INTERNAL'), paint('dim', `   ${PUSH}`)];

const sawErrors = ({ seen }: Release): string => (seen.errors === 0 ? 'none failed' : `${count(seen.errors)} failed`);

export function afterGood(good: Release, paint: Paint): string[] {
  const { steps } = toRolloutResult(good);
  const shares = steps.map(({ weight, observed }) => `${percent(weight, 0)} → ${percent(observed)}`).join(', ');
  const verdict = good.rollout.phase === 'Succeeded' ? paint('green', '   Promoted') : paint('red', `   ${good.rollout.phase}`);
  return [`${verdict}: intended → observed: ${shares}`, `   the caller sent ${count(good.seen.requests)} requests meanwhile; ${sawErrors(good)}`];
}

export function afterBad(bad: Release, isRestored: boolean, paint: Paint): string[] {
  const canary = bad.seen.versions[bad.rollout.image.tag] ?? { requests: 0, errors: 0 };
  const ms = rollbackMs(bad);
  const verdict = bad.rollout.phase === 'RolledBack' ? paint('green', '   Rolled back') : paint('red', `   ${bad.rollout.phase}`);
  return [
    `${verdict}: its last request came ${ms === undefined ? '(no bad answer was seen)' : `${seconds(ms)} after its first bad answer`}`,
    `   it failed ${errorsOfSide(canary)} requests, of ${count(bad.seen.requests)} that the caller sent meanwhile`,
    isRestored ? paint('green', '   the route is as it was before, byte for byte') : paint('red', '   the route is not as it was before'),
  ];
}

export const disappointed = (wrong: readonly string[], paint: Paint): string[] => ['', paint('red', 'Not as expected:'), ...wrong.map((line) => `  ${line}`)];

const HERE: readonly string[] = [
  'npm start -- --keep         leaves all of this running, to try commands on',
  'npm start -- --no-envoy     the same without a proxy',
  'npx meshshift up --help     a runtime that stays, with your own mesh',
];

const onKept = (url: string): string[] => [
  `export AWS_ENDPOINT_URL=${url} AWS_REGION=us-east-1 AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local`,
  'npx meshshift mesh describe pgMesh',
  'npx meshshift event put --repository svc1 --tag v4',
  'npx meshshift rollout list',
  'aws appmesh describe-route --mesh-name pgMesh --virtual-router-name svcNode1 --route-name svcNode1',
];

export const next = ({ url }: Runtime, keep: boolean, paint: Paint): string[] => [
  '',
  paint('bold', keep ? 'Everything keeps running until Ctrl-C. In another terminal:' : 'What to try next:'),
  ...(keep ? onKept(url) : HERE).map((line) => `  ${line}`),
];
