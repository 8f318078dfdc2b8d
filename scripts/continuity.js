// `npm run continuity`: changes the mesh under load as often as the claim says, by both protocols; see test/envoy/continuity.test.ts.
const COUNTS = { SWITCHES: 1000, REPLACEMENTS: 200, RESTARTS: 50, TLS_CHANGES: 100 };
for (const [name, count] of Object.entries(COUNTS)) process.env[`MESHSHIFT_${name}`] ??= String(count);
process.argv.splice(2, process.argv.length, 'test/envoy/continuity');
await import('./test.js');
