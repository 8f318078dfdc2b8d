// Bundles the Lambda handlers: `dist/handlers/GROUP/NAME.mjs`, and in the folder `NAME/` beside it the parts it is made of, some of which it loads only when it needs them.
// That is all a function has on AWS, and what its cold start costs.
import { build } from 'esbuild';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';

/** `export var X$ = [3, n0, …];`, a shape of an SDK client's model. */
const SHAPE = /^((?:export )?var [\w$]+ = )(\[[^;]*\]);$/gm;
/** `n0_registry.registerError(X$, X);`, an error that the client makes of an answer. */
const ERROR = /^n0_registry\.registerError\([\w$]+, (\w+)\);$/gm;

const sourcesOf = (root) =>
  ['src', 'handlers'].flatMap((folder) =>
    readdirSync(`${root}${folder}`, { recursive: true })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => readFileSync(`${root}${folder}/${file}`, 'utf8')),
  );

/**
 * The SDK's models are lists that the bundler takes for code with effects, as they name members by constants; told otherwise, it leaves out the operations
 * that nothing calls. Errors that no source names are left out as well: they come as the client's general error, with the same name and message.
 * Of their package.json they use the version alone.
 */
function smallModels(root) {
  const words = new Set(sourcesOf(root).flatMap((text) => text.match(/\b[A-Z]\w+\b/g) ?? []));
  return {
    name: 'small-models',
    setup({ onLoad, onResolve }) {
      // Left out where no file is read.
      onResolve({ filter: /^yaml$/ }, () => ({ path: `${root}node_modules/yaml/dist/index.js`, sideEffects: false }));
      onLoad({ filter: /@aws-sdk[\\/].*[\\/]package\.json$/ }, async ({ path }) => ({ contents: JSON.stringify({ version: JSON.parse(await readFile(path, 'utf8')).version }), loader: 'json' }));
      onLoad({ filter: /@aws-sdk[\\/].*schemas_0\.js$/ }, async ({ path }) => ({
        contents: (await readFile(path, 'utf8')).replace(SHAPE, '$1/* @__PURE__ */ (() => $2)();').replace(ERROR, (line, error) => (words.has(error) ? line : '')),
        loader: 'js',
      }));
    },
  };
}

/** Every output file that one of them imports, itself included; what is not in `outputs` stays outside. */
function reach(outputs, path, reached = new Set()) {
  if (reached.has(path) || outputs[path] === undefined) return reached;
  reached.add(path);
  for (const { path: next } of outputs[path].imports) reach(outputs, next, reached);
  return reached;
}

/** @param shared esbuild's options that all bundles share; `handlers` are `handlers/GROUP/NAME.ts` */
export async function buildHandlers(handlers, root, shared) {
  const { metafile, outputFiles } = await build({
    ...shared,
    // libsql is the local store's alone and stays outside.
    external: ['libsql'],
    splitting: true,
    minify: true,
    plugins: [smallModels(root)],
    alias: {
      // Lambda's credentials are in its environment: nothing else is looked for.
      '@aws-sdk/credential-provider-node': `${root}handlers/middleware/environment-credentials.ts`,
      // DynamoDB discovers no endpoints unless it is asked to.
      '@aws-sdk/endpoint-cache': `${root}scripts/stubs/endpoint-cache.js`,
      // The SDK looks at browsers with it.
      bowser: `${root}scripts/stubs/nothing.js`,
      // Nothing is streamed to or from a function.
      '@smithy/core/event-streams': `${root}scripts/stubs/event-streams.js`,
    },
    entryPoints: handlers.map((entry) => ({ in: entry, out: entry.slice(0, -'.ts'.length).replaceAll('/', '-') })),
    outdir: 'dist',
    metafile: true,
    write: false,
  });
  // Few parts hold CommonJS.
  const texts = new Map(outputFiles.map(({ path, text }) => [basename(path), /\brequire\b(?!=)/.test(text.slice(shared.banner.js.length)) ? text : text.replace(shared.banner.js, '')]));
  const parts = Object.fromEntries(Object.entries(metafile.outputs).map(([path, output]) => [basename(path), { ...output, imports: output.imports.map((each) => ({ ...each, path: basename(each.path) })) }]));
  for (const [file, { entryPoint }] of Object.entries(parts)) if (handlers.includes(entryPoint)) writeHandler(entryPoint, file, parts, texts, root);
}

function writeHandler(entry, file, parts, texts, root) {
  const name = basename(entry, '.ts');
  const folder = `${root}dist/${dirname(entry)}`;
  mkdirSync(`${folder}/${name}`, { recursive: true });
  const others = [...reach(parts, file)].filter((part) => part !== file);
  for (const part of others) writeFileSync(`${folder}/${name}/${part}`, texts.get(part));
  writeFileSync(`${folder}/${name}.mjs`, others.reduce((text, part) => text.replaceAll(`"./${part}"`, `"./${name}/${part}"`), texts.get(file)));
}
