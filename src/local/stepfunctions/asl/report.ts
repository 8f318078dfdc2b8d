/** One thing wrong with a definition: where (a JSON pointer) and which rule. */
export interface Problem {
  readonly code: string;
  readonly location: string;
  readonly message: string;
}

/** Told of each of them. */
export type Report = (code: string, location: string, message: string) => void;
