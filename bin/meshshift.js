#!/usr/bin/env node
// The meshshift command; in a checkout it builds itself on first use.
import { existsSync } from 'node:fs';

const entry = new URL('../dist/src/cli/meshshift.mjs', import.meta.url);
if (!existsSync(entry)) await (await import('../scripts/build.js')).buildAll();
await import(entry.href);
