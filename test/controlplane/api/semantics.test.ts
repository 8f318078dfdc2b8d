import { CreateMeshCommand, DescribeMeshCommand } from '@aws-sdk/client-app-mesh';
import { makeFolder, startMeshServer, type MeshServer } from './mesh-server.ts';

let folder: Awaited<ReturnType<typeof makeFolder>>;
let server: MeshServer;
beforeAll(async () => {
  folder = await makeFolder();
  server = await startMeshServer(folder.file);
});
afterAll(async () => {
  await server.close();
  await folder.remove();
});

test('a mesh', async () => {
  const { mesh } = await server.client.send(new CreateMeshCommand({ meshName: 'pgMesh' }));
  const r = await server.client.send(new DescribeMeshCommand({ meshName: 'pgMesh' }));
  expect(r.mesh).toEqual(mesh);
});
