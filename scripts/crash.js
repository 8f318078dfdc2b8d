// `npm run crash`: kills the runtime after every single commit of a good and of a bad rollout; see test/crash/crash.test.ts.
process.env.MESHSHIFT_CRASH ??= 'all';
process.argv.splice(2, process.argv.length, 'test/crash');
await import('./test.js');
