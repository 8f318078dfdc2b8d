import { openAws } from '../../src/aws/call.ts';
import { openEcrImages } from '../../src/rollout/images/ecr.ts';
import { openRecordedImages } from '../../src/rollout/images/recorded.ts';
import { memoryStore } from '../canary/memory.ts';
import { loopback } from '../metrics/loopback.ts';

const NOW = Date.UTC(2026, 0, 2);
const startsWithV = (tag: string): boolean => tag.startsWith('v');
const recorded = () => openRecordedImages(memoryStore(), () => NOW);

test('recorded pushes: the newest by the time it was pushed, whatever order they are told in', async () => {
  const images = recorded();
  expect(await images.newest('svc1', startsWithV)).toBeUndefined();
  for (let minute = 0; minute < 250; minute += 1) await images.note({ repository: 'svc1', tag: `w${minute}`, pushedAt: NOW + minute * 60_000 });
  await images.note({ repository: 'svc1', tag: 'v3', digest: 'sha256:3', pushedAt: NOW - 1000 });
  await images.note({ repository: 'svc1', tag: 'v2', pushedAt: NOW - 2000 });
  await images.note({ repository: 'other', tag: 'v9', pushedAt: NOW });
  expect(await images.newest('svc1', startsWithV)).toEqual({ repository: 'svc1', tag: 'v3', digest: 'sha256:3', pushedAt: NOW - 1000 });
});

/** Asks an ECR on loopback that answers page by page. */
async function ask(pages: readonly object[], status = 200) {
  const left = [...pages];
  const server = await loopback((_, response) => response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(left.shift() ?? pages.at(-1))));
  const callAws = openAws({ AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b', AWS_ENDPOINT_URL_ECR: server.url });
  const known = recorded();
  await known.note({ repository: 'svc1', tag: 'v1', pushedAt: NOW });
  try {
    return { newest: await openEcrImages(callAws, known).newest('svc1', startsWithV), asked: server.asked.map(({ body }) => JSON.parse(body) as object) };
  } finally {
    await server.close();
  }
}

const detail = (imageTags: string[], imageDigest: string, imagePushedAt: number) => ({ imageTags, imageDigest, imagePushedAt });

test('Amazon ECR: the newest of all pages that has a matching tag, by that tag', async () => {
  const { newest, asked } = await ask([
    { imageDetails: [detail(['v2'], 'sha256:2', 200), detail(['latest'], 'sha256:9', 900)], nextToken: 'more' },
    { imageDetails: [detail(['stable', 'v3'], 'sha256:3', 300), detail(['v1'], 'sha256:1', 100)] },
  ]);
  expect(newest).toEqual({ repository: 'svc1', tag: 'v3', digest: 'sha256:3', pushedAt: 300_000 });
  expect(asked).toMatchObject([{ repositoryName: 'svc1', filter: { tagStatus: 'TAGGED' } }, { nextToken: 'more' }]);
});

test('Amazon ECR: a repository that holds nothing has nothing newest, one that is not there is known by its pushes', async () => {
  expect((await ask([{ imageDetails: [] }])).newest).toBeUndefined();
  expect((await ask([{ __type: 'RepositoryNotFoundException', message: 'none' }], 400)).newest).toMatchObject({ tag: 'v1' });
  await expect(ask([{ __type: 'ServerException', message: 'down' }], 500)).rejects.toThrow('down');
});
