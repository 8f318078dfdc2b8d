import type { ProtoJson } from './types.ts';

/** What may compile to hundreds of instructions of RE2's program by itself: repetitions by number, and classes of Unicode. */
const LARGE = /\{|\\[pP]/;
/** What compiles to some ten at most, as it stands for every character but a few, or takes several bytes. */
const WIDE = /\.|\^|\\[DSW]|[^ -~]/g;
const WIDE_SIZE = 12;
/** A program beyond this Envoy refuses, unless its runtime or the matcher itself says otherwise: `re2.max_program_size.error_level`. */
const ENVOYS_LIMIT = 100;
const LARGEST = 2 ** 32 - 1;

/** A guess that is never too small, give or take what begins and ends a program. */
const programSize = (regex: string): number => regex.length + WIDE_SIZE * (regex.match(WIDE)?.length ?? 0);

/**
 * A RegexMatcher. The API takes expressions of up to 255 characters, of which Envoy by itself refuses the larger ones: these say how large they may be. The field is
 * deprecated for the runtime's, which a control plane cannot set; so it is left out where it is not needed.
 */
export const regexMatcher = (regex: string): ProtoJson & { readonly regex: string } =>
  LARGE.test(regex) || programSize(regex) > ENVOYS_LIMIT - 10 ? { regex, google_re2: { max_program_size: LARGEST } } : { regex };
