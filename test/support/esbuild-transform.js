import { transformSync } from 'esbuild';

/** A jest transformer: one TypeScript file to ESM, with an inline source map. */
export default {
  process(source, filename) {
    const { code } = transformSync(source, {
      loader: 'ts',
      format: 'esm',
      target: 'node20',
      sourcemap: 'inline',
      sourcefile: filename,
      supported: { 'import-attributes': true },
    });
    return { code };
  },
};
