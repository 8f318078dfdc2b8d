// `npm run fuzz`: 50,000 malformed requests to everything that the one port serves; see test/fuzz/http.test.ts.
process.env.MESHSHIFT_FUZZ_RUNS ??= '50000';
process.argv.splice(2, process.argv.length, 'test/fuzz');
await import('./test.js');
