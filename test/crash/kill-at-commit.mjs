// Loaded before `meshshift up`: ends the whole process by SIGKILL right after the commit of that number, in whichever thread it is made.
// Commits are counted from when the file MESHSHIFT_COMMITS is there; a line of it is one commit, and who made it.
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { createRequire, syncBuiltinESMExports } from 'node:module';
import process from 'node:process';

const require = createRequire(import.meta.url);
const { MESHSHIFT_COMMITS: file = '', MESHSHIFT_KILL_AT: killAt = '0' } = process.env;
const threads = require('node:worker_threads');
const who = threads.workerData?.functionName ?? 'runtime';

function committed() {
  if (!existsSync(file)) return;
  appendFileSync(file, `${who}\n`);
  if (readFileSync(file, 'utf8').split('\n').length - 1 === Number(killAt)) process.kill(process.pid, 'SIGKILL');
}

const { prototype } = require('libsql');
const { exec } = prototype;
prototype.exec = function execAndCount(sql) {
  const answer = exec.call(this, sql);
  if (sql === 'COMMIT') committed();
  return answer;
};

// The functions' threads start with options of their own.
threads.Worker = class extends threads.Worker {
  constructor(module, options) {
    super(module, { ...options, execArgv: ['--import', import.meta.url], env: { ...options.env, MESHSHIFT_COMMITS: file, MESHSHIFT_KILL_AT: killAt } });
  }
};
syncBuiltinESMExports();
