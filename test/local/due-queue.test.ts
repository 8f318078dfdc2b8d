import { openDueQueue } from '../../src/local/due-queue.ts';
import { LONGEST_DELAY_MS } from '../../src/local/timers.ts';
import { virtualTime, type VirtualTime } from './support/virtual-time.ts';

const open = (): { time: VirtualTime; fired: [key: number, at: number][]; queue: ReturnType<typeof openDueQueue<number>> } => {
  const time = virtualTime(0);
  const fired: [number, number][] = [];
  return { time, fired, queue: openDueQueue<number>(time, (key) => fired.push([key, time.now()])) };
};
const runAll = (time: VirtualTime): void => {
  while (time.jump());
};

test('keys fall due in order of time, whatever the order they came in', () => {
  const { time, fired, queue } = open();
  // A fixed sequence that jumps about: multiples of 7919 modulo 1009.
  for (let key = 1; key <= 500; key += 1) queue.set(key, (key * 7919) % 1009);
  expect(queue.size).toBe(500);
  runAll(time);
  expect(fired.map(([, at]) => at)).toEqual(fired.map(([key]) => (key * 7919) % 1009));
  expect(fired.map(([, at]) => at)).toEqual([...fired.map(([, at]) => at)].sort((a, b) => a - b));
  expect(queue.size).toBe(0);
});

test('a key set anew is due at its last time only, and a deleted one never', () => {
  const { time, fired, queue } = open();
  queue.set(1, 100);
  queue.set(1, 50);
  queue.set(2, 10);
  queue.set(2, 70);
  queue.set(3, 60);
  queue.delete(3);
  runAll(time);
  expect(fired).toEqual([[1, 50], [2, 70]]);
});

test('a time beyond what one timer holds is waited for in turns', () => {
  const { time, fired, queue } = open();
  queue.set(1, 3 * LONGEST_DELAY_MS + 5);
  runAll(time);
  expect(fired).toEqual([[1, 3 * LONGEST_DELAY_MS + 5]]);
  expect(time.delays).toEqual([LONGEST_DELAY_MS, LONGEST_DELAY_MS, LONGEST_DELAY_MS, 5]);
});

test('what is overdue is due at once, and a key may be set while another fires', () => {
  const time = virtualTime(1000);
  const fired: number[] = [];
  const queue = openDueQueue<number>(time, (key) => {
    fired.push(key);
    if (key === 1) queue.set(2, 0);
  });
  queue.set(1, 0);
  runAll(time);
  expect(fired).toEqual([1, 2]);
  expect(time.now()).toBe(1000);
});

test('after close nothing falls due', () => {
  const { time, fired, queue } = open();
  queue.set(1, 5);
  queue.close();
  runAll(time);
  expect(fired).toEqual([]);
});
