import { CreateVirtualNodeCommand } from '@aws-sdk/client-app-mesh';
import { openDynamoStore } from '../../../src/store/dynamodb.ts';
import type { Propagation } from '../../../src/controlplane/xds/propagation.ts';
import { openAdsClient, type AdsClient } from '../../support/ads-client.ts';
import { describeWith } from '../../support/components.ts';
import { startTestControlPlane, type TestControlPlane } from '../../support/control-plane.ts';
import { hasDynamoDbLocal, startDynamoDbLocal, type DynamoDbLocal } from '../../support/dynamodb-local.ts';
import { eventually } from '../../support/eventually.ts';
import { buildWalkthrough, CALLER, MESH, register, shift } from '../../support/walkthrough.ts';
import { errorOf, naming, nodeSpec, prepare, routeSpec, sender, type Json, type Send } from '../api/calls.ts';

type Answer = Record<string, { metadata: { version: number } }>;

describeWith('DynamoDB Local', hasDynamoDbLocal, 'several control planes over one DynamoDB table', () => {
  let dynamo: DynamoDbLocal;
  let planes: TestControlPlane[];
  let sends: [Send, Send];
  let meshes = 0;

  const startOn = (table: string): Promise<TestControlPlane> => startTestControlPlane({ store: openDynamoStore(table, dynamo.client()), shared: true });

  beforeAll(async () => {
    dynamo = await startDynamoDbLocal();
    const table = await dynamo.createTable();
    planes = [await startOn(table), await startOn(table)];
    sends = planes.map(({ client }) => sender(client)) as [Send, Send];
  });
  afterAll(async () => {
    for (const plane of planes) await plane.dispose();
    await dynamo.stop();
  });
  const freshMesh = async (): Promise<string> => {
    const mesh = `mesh-${(meshes += 1)}`;
    await prepare(sends[0], mesh);
    return mesh;
  };
  /** Sends the first to one control plane, the second to the other, and so on, all at once. */
  const race = (inputs: readonly (readonly [string, Json])[]): Promise<PromiseSettledResult<Json>[]> =>
    Promise.allSettled(inputs.map(([operation, input], index) => sends[index % 2 === 0 ? 0 : 1](operation, input)));
  const fulfilled = (outcomes: readonly PromiseSettledResult<Json>[]): Json[] => outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  const namesOf = (outcomes: readonly PromiseSettledResult<Json>[]): unknown[] =>
    outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [(outcome.reason as Error).name] : []));

  test('what one has answered, the other knows: it is described, listed, updated, tagged and deleted there', async () => {
    const [one, two] = sends;
    const mesh = await freshMesh();
    for (let round = 0; round < 5; round += 1) {
      const node = naming('virtualNode', mesh, `n${round}`);
      await one('CreateVirtualNode', { ...node, spec: nodeSpec('one') });
      const { virtualNode } = (await two('DescribeVirtualNode', node)) as unknown as { virtualNode: { metadata: { arn: string } } };
      await two('TagResource', { resourceArn: virtualNode.metadata.arn, tags: [{ key: 'k', value: String(round) }] });
      expect(await one('ListTagsForResource', { resourceArn: virtualNode.metadata.arn })).toEqual({ tags: [{ key: 'k', value: String(round) }] });
      await two('UpdateVirtualNode', { ...node, spec: nodeSpec('two') });
      expect(await one('DescribeVirtualNode', node)).toMatchObject({ virtualNode: { spec: nodeSpec('two'), metadata: { version: 2 } } });
      await one('DeleteVirtualNode', node);
      expect((await two('ListVirtualNodes', { meshName: mesh }))['virtualNodes']).toHaveLength(2);
    }
    expect((await two('ListMeshes', {}))['meshes']).toEqual((await one('ListMeshes', {}))['meshes']);
  });

  test('a mesh that was removed at one is made anew at the other, as often as wanted', async () => {
    const versions: unknown[] = [];
    for (const send of [...sends, ...sends]) {
      versions.push(((await send('CreateMesh', { meshName: 'again' })) as Answer)['mesh']!.metadata.version);
      await send('DeleteMesh', { meshName: 'again' });
    }
    expect(versions).toEqual([1, 1, 1, 1]);
  });

  test('of one name, one is created, and the other control plane says that it is there', async () => {
    const mesh = await freshMesh();
    const outcomes = await race(Array.from({ length: 10 }, () => ['CreateVirtualNode', { ...naming('virtualNode', mesh, 'same'), spec: nodeSpec('same') }]));
    expect(fulfilled(outcomes)).toHaveLength(1);
    expect(new Set(namesOf(outcomes))).toEqual(new Set(['ConflictException']));
  });

  test('updates of one resource are one after another, each with a version of its own, and both end with the last', async () => {
    const mesh = await freshMesh();
    const route = naming('route', mesh, 'r');
    await sends[0]('CreateRoute', { ...route, spec: routeSpec(['blue', 100]) });
    const outcomes = await race(Array.from({ length: 40 }, (_, index) => ['UpdateRoute', { ...route, spec: routeSpec(['blue', index + 1]) }]));
    expect(namesOf(outcomes)).toEqual([]);
    const versions = fulfilled(outcomes).map((answer) => (answer as Answer)['route']!.metadata.version);
    expect([...versions].sort((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, index) => index + 2));
    const last = fulfilled(outcomes)[versions.indexOf(41)];
    for (const send of sends) expect(await send('DescribeRoute', route)).toEqual(last);
  });

  test('nothing is deleted that is just being used, and nothing used that is just being deleted', async () => {
    const mesh = await freshMesh();
    for (let round = 0; round < 8; round += 1) {
      const [node, route] = [naming('virtualNode', mesh, `n${round}`), naming('route', mesh, `r${round}`)];
      await sends[0]('CreateVirtualNode', { ...node, spec: nodeSpec('n') });
      const outcomes = await race([
        ['DeleteVirtualNode', node],
        ['CreateRoute', { ...route, spec: routeSpec([`n${round}`, 1]) }],
      ]);
      expect(['NotFoundException', 'ResourceInUseException']).toContain(namesOf(outcomes)[0]);
      expect(fulfilled(outcomes)).toHaveLength(1);
    }
  });

  test('the same request with the same client token is done once and answered alike by both', async () => {
    const mesh = await freshMesh();
    const outcomes = await race(Array.from({ length: 6 }, () => ['CreateVirtualNode', { ...naming('virtualNode', mesh, 'once'), spec: nodeSpec('once'), clientToken: `token-${mesh}` }]));
    expect(namesOf(outcomes)).toEqual([]);
    expect(new Set(fulfilled(outcomes).map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(await errorOf(sends[1]('CreateVirtualNode', { ...naming('virtualNode', mesh, 'other'), spec: nodeSpec('x'), clientToken: `token-${mesh}` }))).toMatchObject({ name: 'ConflictException' });
  });

  describe('with proxies', () => {
    let clients: AdsClient[];
    beforeAll(async () => {
      await buildWalkthrough(planes[0]!.client);
      clients = planes.map(({ xdsPort }) => openAdsClient(xdsPort));
    });
    afterAll(() => {
      for (const client of clients) client.close();
    });
    const propagation = async (plane: TestControlPlane): Promise<Propagation> => {
      const response = await fetch(`${plane.url}/meshshift/v1/propagation/${MESH}?virtualRouter=svcNode1&route=svcNode1`);
      if (!response.ok) throw new Error(await response.text());
      return (await response.json()) as Propagation;
    };

    test('a proxy of one hears what is changed, and registered, at the other', async () => {
      const [one, two] = planes as [TestControlPlane, TestControlPlane];
      const stream = clients[1]!.open(CALLER);
      const clusters = async (): Promise<string> => JSON.stringify((await stream.accept('cluster')).resources);
      stream.request('cluster');
      expect(await clusters()).not.toContain('"EDS"');
      await register(one.url, 'svcNode1', [9001]);
      expect(await clusters()).toContain('"EDS"');
      await one.client.send(new CreateVirtualNodeCommand({ meshName: MESH, virtualNodeName: 'third', spec: nodeSpec('third') }));
      await shift(one.client, { third: 100 });
      expect(await clusters()).toContain('third');
      expect(await (await fetch(`${two.url}/meshshift/v1/endpoints/${MESH}/svcNode1`)).json()).toEqual([{ ip: '127.0.0.1', port: 9001 }]);
      stream.cancel();
    });

    test('either tells how far a change has come with the proxies of both', async () => {
      const streams = clients.map((client) => client.open(CALLER));
      for (const stream of streams) {
        stream.request('cluster');
        await stream.accept('cluster');
      }
      await shift(planes[0]!.client, { svcNode1: 60, svcNode1v2: 40 });
      for (const plane of planes) {
        const { proxies, resources } = await propagation(plane);
        expect(proxies).toHaveLength(2);
        expect(resources).toHaveLength(1);
        const { acked, pending, rejected } = resources[0]!;
        expect(acked + pending + rejected).toBe(2);
      }
      for (const stream of streams) stream.cancel();
      await eventually(async () => (await propagation(planes[1]!)).proxies.length === 0 || undefined, 'both proxies are gone');
    });

    test('a control plane that does not answer keeps the others from saying that all have come along', async () => {
      const table = await dynamo.createTable();
      const [left, lost] = [await startOn(table), await startOn(table)];
      await buildWalkthrough(left.client);
      expect((await propagation(left)).proxies).toEqual([]);
      lost.silence();
      await expect(propagation(left)).rejects.toThrow(/ServiceUnavailableException.*does not answer/);
      // What was measured is told without it.
      expect((await fetch(`${left.url}/meshshift/v1/telemetry/${MESH}/svcNode1`)).status).toBe(200);
      await lost.dispose();
      expect((await propagation(left)).proxies).toEqual([]);
      await left.dispose();
    });
  });
});
