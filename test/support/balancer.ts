import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A load balancer of connections, as a network load balancer is one: each goes to the next target that takes it. */
export interface Balancer {
  readonly port: number;
  readonly targets: number[];
  stop(): void;
}

/** Starts one on loopback; its targets are ports there, and may change at any time. */
export async function startBalancer(targets: readonly number[]): Promise<Balancer> {
  const open = new Set<Socket>();
  let next = 0;
  const pass = (from: Socket, tries: number): void => {
    const target = balancer.targets[next++ % balancer.targets.length];
    if (tries === 0 || target === undefined) {
      from.destroy();
      return;
    }
    const to = connect(target, '127.0.0.1');
    to.once('error', () => pass(from, tries - 1));
    to.once('connect', () => {
      to.removeAllListeners('error');
      for (const [one, other] of [[from, to], [to, from]] as const) {
        open.add(one);
        one.on('error', () => other.destroy()).on('close', () => {
          open.delete(one);
          other.destroy();
        });
        one.pipe(other);
      }
      from.resume();
    });
  };
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    socket.on('error', () => undefined);
    pass(socket, balancer.targets.length);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const balancer = {
    port: (server.address() as AddressInfo).port,
    targets: [...targets],
    stop: () => {
      server.close();
      for (const socket of open) socket.destroy();
    },
  };
  return balancer;
}
