import { describeMistake, InvalidInput } from '../../../src/contracts/mistakes.ts';
import type { MeshResource } from '../../../src/contracts/mesh-file.ts';
import { readMeshFiles, type MeshFiles, type TextFile } from '../../../src/mesh/files/read-mesh-files.ts';
import { NO_OPTIONS, type ImportOptions } from '../../../src/mesh/files/source.ts';

export interface Told extends Partial<Omit<ImportOptions, 'params' | 'imports'>> {
  readonly params?: Readonly<Record<string, string>>;
  readonly imports?: Readonly<Record<string, string>>;
}

const optionsOf = ({ params = {}, imports = {}, ...others }: Told): ImportOptions => ({ ...NO_OPTIONS, ...others, params: new Map(Object.entries(params)), imports: new Map(Object.entries(imports)) });

export const readFiles = (files: readonly TextFile[], told: Told = {}): MeshFiles => readMeshFiles(files, optionsOf(told));

export const readOne = (text: string, told: Told = {}, file = 'stack.yaml'): MeshFiles => readFiles([{ file, text }], told);

/** `CreateVirtualNode` → its inputs. */
export const inputsOf = ({ resources }: MeshFiles, create: MeshResource['create']): MeshResource['input'][] => resources.filter((resource) => resource.create === create).map(({ input }) => input);

/** Every mistake as it is told; none where it is read. */
export function mistakesOf(run: () => unknown): string[] {
  try {
    run();
  } catch (error) {
    if (!(error instanceof InvalidInput)) throw error;
    return error.mistakes.map(describeMistake);
  }
  return [];
}
